package regex

// lengths are the least and the most units that n matches; max is -1 without a limit.
func lengths(n *ast) (lo, hi int) {
	const most = mostRepeats
	switch n.op {
	case opChar:
		if n.unit > 0xffff {
			return 2, 2
		}
		return 1, 1
	case opSet:
		return 1, 2
	case opLineBreak:
		return 1, 2
	case opCluster, opBackRef:
		return 0, -1
	case opSeq, opCapture, opAtomic:
		for _, s := range n.subs {
			a, b := lengths(s)
			lo = min(lo+a, most)
			if hi < 0 || b < 0 {
				hi = -1
			} else {
				hi += b
			}
		}
	case opAlt:
		lo = most
		for _, s := range n.subs {
			a, b := lengths(s)
			lo = min(lo, a)
			if hi < 0 || b < 0 {
				hi = -1
			} else {
				hi = max(hi, b)
			}
		}
	case opRepeat:
		a, b := lengths(n.subs[0])
		lo = min(a*n.min, most)
		if n.max < 0 || b < 0 {
			hi = -1
		} else {
			hi = b * n.max
		}
	}
	if hi > most {
		hi = -1
	}
	return lo, hi
}

// firstUnit is the unit that every match of n begins with, or -1 where there is no such.
func firstUnit(n *ast) int {
	switch n.op {
	case opChar:
		if n.unit <= 0xffff {
			return int(n.unit)
		}
	case opSeq, opCapture, opAtomic:
		if len(n.subs) > 0 {
			return firstUnit(n.subs[0])
		}
	case opRepeat:
		if n.min > 0 {
			return firstUnit(n.subs[0])
		}
	}
	return -1
}

// Groups is the number of capturing groups and of the whole match.
func (re *Regexp) Groups() int { return re.groups }
