#!/usr/bin/env bash
# Runs one command. What it found lies in the folder afterwards; the job shows it, whatever the exit code.
set -euo pipefail

reconciler="${RECONCILER_BIN:-$RUNNER_TEMP/reconciler/bin/reconciler}"
folder="$RECONCILER_FOLDER"
plan="$folder/plan.json" drift="$folder/drift.json" apply="$folder/apply.json"
mkdir -p "$folder"

# The record branch is fetched and pushed with the token of the job, which no checkout keeps on disk.
if [ -n "${GITHUB_TOKEN:-}" ]; then
  secret="$(printf 'x-access-token:%s' "$GITHUB_TOKEN" | base64 | tr -d '\n')"
  echo "::add-mask::$secret"
  export GIT_CONFIG_COUNT=1
  export GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader"
  export GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $secret"
fi

run() { "$reconciler" "$@"; }

# Runs a command whose exit code is needed later, with its JSON in a file.
into() {
  local file="$1" code=0
  shift
  run "$@" --format json > "$file" || code=$?
  return "$code"
}

# Leaves out what was not written, such as the drift of an offline plan.
present() { for file in "$@"; do [ -s "$file" ] && printf '%s\n' "$file"; done; }

# A pull request is judged by the rules of the branch that it goes to, not by those that it brings.
judge() {
  local rules=()
  if [ -n "${GITHUB_BASE_REF:-}" ]; then
    git fetch --quiet --depth=1 origin "refs/heads/$GITHUB_BASE_REF"
    rules=(--rules-from FETCH_HEAD)
  fi
  run validate --format github "${rules[@]}"
}

tell() {
  mapfile -t files < <(present "$@")
  [ "${#files[@]}" -gt 0 ] || return 0
  run github summary "${files[@]}"
  run github annotations "${files[@]}"
  run github outputs "${files[@]}"
}

code=0
case "$RECONCILER_COMMAND" in
  plan)
    judge
    run plan --out "$plan" --format html --quiet > "$folder/plan.html"
    # Drift beside the plan: shown in a section of its own, recorded by the nightly job alone.
    into "$drift" drift --no-record || code=$?
    [ "$code" -eq 2 ] && code=0
    tell "$plan" "$drift"
    ;;
  offline-plan)
    judge
    run plan --offline --out "$plan" --format html > "$folder/plan.html"
    tell "$plan"
    ;;
  reviewed)
    run github reviewed
    ;;
  apply)
    run plan check "$plan"
    approved=()
    [ "${RECONCILER_APPROVE:-}" = true ] && approved=(--approve-widening)
    into "$apply" apply "$plan" "${approved[@]}" || code=$?
    tell "$apply"
    ;;
  drift)
    into "$drift" drift || code=$?
    [ "$code" -eq 2 ] && code=0
    tell "$drift"
    ;;
  report)
    mapfile -t files < <(present "$plan" "$drift")
    if [ -s "$plan" ]; then
      run github comment "${files[@]}"
      run github check "${files[@]}"
    else
      run github issue "$drift"
    fi
    ;;
  shards)
    matrix="$(run shards --json --jobs "$RECONCILER_JOBS")"
    echo "matrix=$matrix" >> "$GITHUB_OUTPUT"
    ;;
  fleet)
    read -ra organisations <<< "$RECONCILER_ORGANISATIONS"
    # In the environment of one organisation its client has the names that it has everywhere.
    if [ -n "$RECONCILER_ID_VARIABLE" ] && [ -n "${GENESYS_CLIENT_ID:-}" ]; then
      export "$RECONCILER_ID_VARIABLE=$GENESYS_CLIENT_ID" "$RECONCILER_SECRET_VARIABLE=$GENESYS_CLIENT_SECRET"
    fi
    sure=()
    [ "$RECONCILER_STORY" = apply ] && sure=(--yes)
    run fleet "$RECONCILER_STORY" "${organisations[@]}" "${sure[@]}" --quiet --out "$folder/$RECONCILER_SHARD.json" || code=$?
    [ "$RECONCILER_STORY" = drift ] && [ "$code" -eq 2 ] && code=0
    ;;
  merge)
    mapfile -t files < <(present "$folder"/*.json)
    into "$folder/fleet.json" report merge --whole "${files[@]}" || code=$?
    run report merge "$folder/fleet.json" --format markdown >> "$GITHUB_STEP_SUMMARY" || true
    [ "$code" -eq 2 ] && code=0
    ;;
  *)
    echo "error: the input command is plan, offline-plan, reviewed, apply, drift, report, shards, fleet or merge" >&2
    exit 64
    ;;
esac
exit "$code"
