package history

// CheckResolved says which ops of unknown outcome were not told what had become of them when they
// were sent again: before is what was there until then, and again are the calls, one after the other.
func CheckResolved(before *Log, again []Call) error {
	var wrong problems
	for _, c := range again {
		there, all := before.stored(c.Op)
		told := c.Outcome == Acknowledged && len(c.Results) > 0 && c.Results[0].Replayed
		switch {
		case c.Outcome == Unknown:
			wrong.addf("%v: unknown still", c)
		case there == all && !told:
			wrong.addf("%v: it was there, and was %v", c, c.Outcome)
		case there == 0 && told:
			wrong.addf("%v: it was not there, and was answered as if it had been", c)
		case c.Outcome == Refused && c.Conflict == nil:
			wrong.addf("%v: refused (%s)", c, c.Refusal)
		}
	}
	return wrong.err()
}

// CheckBeginning says where log does not begin with what was seen of it before.
func CheckBeginning(seen []Sight, log *Log) error {
	var wrong problems
	for i, s := range seen {
		if i >= len(log.Records) {
			wrong.addf("of %d events %d are left", len(seen), len(log.Records))
			break
		}
		if Saw(log.Records[i]) != s {
			wrong.addf("at %v there is event %v, and was %v", log.Records[i].Position, log.Records[i].ID, s.ID)
		}
	}
	return wrong.err()
}
