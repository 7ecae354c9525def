// Package house is the rules of the house: its tests read the module's own source.
package house
