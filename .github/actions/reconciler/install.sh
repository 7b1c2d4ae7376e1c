#!/usr/bin/env bash
# Installs the tool into a folder of its own: by default from the repository that this action comes from, with the
# libraries of its lock.
set -euo pipefail

if [ -n "${RECONCILER_BIN:-}" ]; then
  exit 0
fi
place="$RUNNER_TEMP/reconciler"
python3 -m venv "$place"
if [ -n "$RECONCILER_INSTALL" ]; then
  "$place/bin/pip" install --quiet "$RECONCILER_INSTALL"
else
  home="$GITHUB_ACTION_PATH/../../.."
  "$place/bin/pip" install --quiet --require-hashes --requirement "$home/requirements.lock"
  "$place/bin/pip" install --quiet --no-deps --no-build-isolation "$home"
fi
