#!/bin/bash
# Restarts the nodes of a cluster one after the other. Each is drained first: its
# viewers, publishers and the nodes that fetch from it go on elsewhere, then it
# stops. Whatever runs it (systemd, Docker, Kubernetes) starts it again; or RESTART
# does, a command that is called with the node's address.
#
#   deploy/rolling-restart.sh http://10.0.0.1:8080 http://10.0.0.2:8080 …
#
# GRACE is how long a drain may take (60s), PATIENCE how many seconds a node has for
# being back after that (120), PAUSE how many are between it and the next (3), TOKEN a
# credential that may administer, or USERPASS "user:password". The nodes that carry the
# directory go last, one at a time.
set -euo pipefail

grace=${GRACE:-60s}
patience=${PATIENCE:-120}
auth=()
[[ -z ${TOKEN:-} ]] || auth=(-H "Authorization: Bearer $TOKEN")
[[ -z ${USERPASS:-} ]] || auth=(-u "$USERPASS")

if (($# == 0)); then
	sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
	exit 2
fi

ask() { curl -sS --max-time 5 "${auth[@]}" "$@"; }

# back says whether a new process answers, and takes viewers and publishers.
back() {
	[[ $(ask "$1/api/v1/drain" 2>/dev/null) == *'"draining":false'* ]] && ask -f -o /dev/null "$1/readyz" 2>/dev/null
}

# until_so CONDITION NODE waits for it; each look takes a moment.
until_so() {
	local end=$((SECONDS + $(seconds "$grace") + patience))
	until "$1" "$2"; do
		if ((SECONDS >= end)); then
			echo "$2 is not back after $grace and ${patience}s: stopping here, the other nodes are as they were" >&2
			exit 1
		fi
		sleep 0.5
	done
}

# seconds makes a number of 90s, 5m or 1h.
seconds() {
	case $1 in
	*m) echo $((${1%m} * 60)) ;;
	*h) echo $((${1%h} * 3600)) ;;
	*) echo "${1%s}" ;;
	esac
}

gone() { ! ask -o /dev/null "$1/healthz" 2>/dev/null || back "$1"; }

for node; do
	node=${node%/}
	echo "$node: draining"
	ask -f -X POST "$node/api/v1/drain?grace=$grace"
	until_so gone "$node"
	if [[ -n ${RESTART:-} ]]; then
		echo "$node: starting"
		$RESTART "$node"
	fi
	until_so back "$node"
	echo "$node: back"
	sleep "${PAUSE:-3}" # until the others know it
done
