package access

import "context"

// Sees says of which streams somebody may know: those that they may watch or
// publish. What only the callback could say is left out, and for those whose
// credential is not right it is what is open.
func (r *Room) Sees(ctx context.Context, q Request) func(stream string) bool {
	rules := r.rules.Load()
	if rules.open[Play] {
		return func(string) bool { return true }
	}
	none := func(string) bool { return false }
	if !q.Presents() || len(q.Credential) > maxCredential {
		return none
	}
	q.Action, q.Stream = Play, ""
	who, err := r.identify(ctx, rules, &q)
	if err != nil {
		return none
	}
	return func(stream string) bool {
		for _, a := range []Action{Play, Publish} {
			if who.check(&Request{Action: a, Stream: stream}) == nil {
				return true
			}
		}
		return false
	}
}
