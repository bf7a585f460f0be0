package access

import (
	"context"
	"errors"
	"strings"
	"time"
)

// identify finds out whose credential that is, or refuses.
func (r *Room) identify(ctx context.Context, rules *rules, q *Request) (*identity, error) {
	user, password := q.User, q.Credential
	if name, rest, two := strings.Cut(password, ":"); two && user == "" && q.Proves == nil && rules.users[name] != nil {
		user, password = name, rest // from where there is room for one text only
	}
	if who := r.ticket(q, password); who != nil {
		return who, nil
	}
	if q.Proves == nil && rules.token != nil && looksSigned(password) {
		who, err := rules.token.verify(ctx, password)
		if err == nil || !errors.Is(err, ErrWrong) {
			return who, err
		}
		return nil, r.strike(q, r.digests.of(user, password), err)
	}
	if q.Proves != nil {
		return r.attempt(ctx, rules, q, user, password, digest{})
	}
	sum := r.digests.of(user, password)
	return rules.recent.once(ctx, sum, func() (*identity, error) {
		return r.attempt(ctx, rules, q, user, password, sum)
	})
}

// attempt compares, unless there were too many wrong ones.
func (r *Room) attempt(ctx context.Context, rules *rules, q *Request, user, password string, sum digest) (*identity, error) {
	try := r.brake.begin(q.address(), sum, time.Now())
	if try.wait > 0 {
		return nil, slowed(try.wait)
	}
	if try.again && rules.callback == nil {
		return nil, refuse(ErrWrong, wrongWords)
	}
	who, err := r.compare(ctx, rules, q, user, password)
	switch {
	case who != nil:
		try.forgive()
	case err != nil: // not decided
		try.forgive()
	case rules.callback != nil:
		try.forgive() // the callback has the last word, and its own attempt
		err = refuse(ErrWrong, wrongWords)
	default:
		try.wrong(sum)
		err = refuse(ErrWrong, wrongWords)
	}
	return who, err
}

const wrongWords = "this key or password is not right"

// strike counts a wrong one that was cheap to find out.
func (r *Room) strike(q *Request, sum digest, err error) error {
	try := r.brake.begin(q.address(), sum, time.Now())
	if try.wait > 0 {
		return slowed(try.wait)
	}
	try.wrong(sum)
	return err
}

func (r *Room) ticket(q *Request, password string) *identity {
	for _, k := range r.tickets.all() {
		if q.Proves == nil && k.Secret.matches(password) || q.Proves != nil && q.Proves(k.Secret.plain) {
			return k.Grant.holder("process:" + k.Name)
		}
	}
	return nil
}

// compare looks through users and keys: nil and nil if it is nobody's.
func (r *Room) compare(ctx context.Context, rules *rules, q *Request, user, password string) (*identity, error) {
	if q.Proves != nil {
		return rules.proven(user, q.Proves), nil
	}
	if who := rules.plainly(user, password); who != nil {
		return who, nil
	}
	var slow []*Secret
	var whose []*identity
	if user != "" {
		u := rules.users[user]
		switch {
		case u == nil && rules.nobody.Slow():
			slow, whose = append(slow, &rules.nobody), append(whose, nil)
		case u != nil && u.Secret.Slow():
			slow, whose = append(slow, &u.Secret), append(whose, u.Grant.holder("user:"+user))
		}
	}
	for _, k := range rules.slowKeys {
		slow, whose = append(slow, &k.Secret), append(whose, k.Grant.holder("key:"+k.Name))
	}
	if len(slow) == 0 {
		return nil, nil
	}
	var who *identity
	err := r.mill.grind(ctx, func() {
		for i, s := range slow {
			r.stats.hashes.Add(1)
			if s.matches(password) && whose[i] != nil {
				who = whose[i]
				return
			}
		}
	})
	return who, err
}

// plainly compares with what costs nothing to compare with, all of it.
func (r *rules) plainly(user, password string) (who *identity) {
	if u := r.users[user]; u != nil && !u.Secret.Slow() && u.Secret.matches(password) {
		who = u.Grant.holder("user:" + user)
	}
	for _, k := range r.keys {
		if k.Secret.matches(password) && who == nil {
			who = k.Grant.holder("key:" + k.Name)
		}
	}
	return who
}

// proven finds whose password the peer has proved to know: of those that are kept
// as they are. The name beside a key does not matter.
func (r *rules) proven(user string, proves func(string) bool) *identity {
	if u := r.users[user]; u != nil && u.Secret.plain != "" && proves(u.Secret.plain) {
		return u.Grant.holder("user:" + user)
	}
	for _, k := range r.keys {
		if k.Secret.plain != "" && proves(k.Secret.plain) {
			return k.Grant.holder("key:" + k.Name)
		}
	}
	return nil
}
