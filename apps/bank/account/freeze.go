package account

// Freeze stops all money, in and out. There is a reason for it.
type Freeze struct{ Reason string }

// Decide refuses with [ErrNotOpen], [ErrClosed], [ErrFrozen] if it is already, or [InvalidTextError].
func (cmd Freeze) Decide(a Account) ([]Event, error) {
	if err := a.usable(); err != nil {
		return nil, err
	}
	if a.Status == StatusFrozen {
		return nil, ErrFrozen
	}
	if err := checkText("reason", cmd.Reason, 1, MaxReference); err != nil {
		return nil, err
	}
	return []Event{Frozen(cmd)}, nil
}

// Unfreeze lets money move again. There is a reason for that too.
type Unfreeze struct{ Reason string }

// Decide refuses with [ErrNotOpen], [ErrClosed], [ErrNotFrozen] or [InvalidTextError].
func (cmd Unfreeze) Decide(a Account) ([]Event, error) {
	if err := a.usable(); err != nil {
		return nil, err
	}
	if a.Status != StatusFrozen {
		return nil, ErrNotFrozen
	}
	if err := checkText("reason", cmd.Reason, 1, MaxReference); err != nil {
		return nil, err
	}
	return []Event{Unfrozen(cmd)}, nil
}
