package access

import (
	"slices"
	"time"
)

// Grant is what a credential allows.
type Grant struct {
	Publish, Play []Pattern
	Read, Admin   bool
	Until         time.Time // zero for ever
}

// allows says whether the grant holds for that, at any time.
func (g *Grant) allows(a Action, stream string) bool {
	matches := func(p Pattern) bool { return p.Match(stream) }
	switch a {
	case Publish:
		return slices.ContainsFunc(g.Publish, matches)
	case Play:
		return slices.ContainsFunc(g.Play, matches)
	case Read:
		return g.Read || g.Admin
	default:
		return a == Admin && g.Admin
	}
}

// identity is somebody whose credential is right.
type identity struct {
	grant  *Grant
	permit Permit
}

// check says whether the identity may do that now.
func (who *identity) check(q *Request) error {
	switch {
	case !who.permit.Until.IsZero() && !time.Now().Before(who.permit.Until):
		return refuse(ErrStale, "the credential has expired")
	case !who.grant.allows(q.Action, q.Stream):
		return refuse(ErrForbidden, "the credential is right, but does not allow "+wish(q))
	default:
		return nil
	}
}
