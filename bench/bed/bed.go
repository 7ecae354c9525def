// Package bed is the engine's test bed: its tests run the scripts of testdata in every way, kill engines, cut their
// power, spoil their input, and recompute what they compute.
package bed
