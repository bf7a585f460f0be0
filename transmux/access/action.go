package access

import (
	"fmt"
	"strings"
)

// Action is what somebody wants to do.
type Action uint8

// The actions.
const (
	Publish Action = iota
	Play
	Read  // look at everything that the API and the metrics show
	Admin // change things by the API; includes Read
	actions
)

var actionNames = [actions]string{"publish", "play", "read", "admin"}

func (a Action) String() string { return actionNames[a] }

// ParseActions reads words with commas or spaces between.
func ParseActions(text string) ([]Action, error) {
	var list []Action
words:
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		for a, name := range actionNames {
			if word == name {
				list = append(list, Action(a))
				continue words
			}
		}
		return nil, fmt.Errorf("%q is no action: there are %s", word, strings.Join(actionNames[:], ", "))
	}
	return list, nil
}
