#!/usr/bin/env bash
# Builds the solution and runs every test. Ends with what failed and the plain line "N passed, N failed", summed over all
# suites, and fails on any failure, on a formatting difference and on a build warning.
#
#   ./test.sh           everything; data and engine on SQLite and on a throw-away PostgreSQL
#   ./test.sh --quick   no browser, no PostgreSQL and none of the long proofs (Category=Long)
#   ./test.sh --force   only the whole proof by force (docs/safety.md): kills, stops and cuts the real thing, and prints its table
#   ./test.sh --seeds N only the simulation, over N seeds; a failing one is printed with its number and what happened.
#                       LEDGERPOST_SEED=123 dotnet test tests/Unit --filter Seeds_Many runs that one again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

quick=false
force=false
seeds=
while [ $# -gt 0 ]; do
  case "$1" in
    --quick) quick=true ;;
    --force) force=true ;;
    --seeds)
      seeds=${2:-}
      if ! [[ $seeds =~ ^[1-9][0-9]*$ ]]; then
        echo "--seeds needs a number, as in ./test.sh --seeds 100000." >&2
        exit 2
      fi
      shift
      ;;
    *)
      echo "Unknown argument: $1. Use ./test.sh, ./test.sh --quick, ./test.sh --force or ./test.sh --seeds 100000." >&2
      exit 2
      ;;
  esac
  shift
done

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# Each process compiles tens of thousands of methods; to map each of them twice for that costs much and proves nothing here.
export DOTNET_EnableWriteXorExecute=0
results=artifacts/test-results
configuration=Debug
passed=0
failed=0
testing=false
finished=false
# What failed, a line each and what it said: once more at the end, which is often all that is seen of a long log.
failures=

say() { printf '\n== %s\n' "$1"; }

# A check that is not a test counts as one failed test, so that the last line never says "0 failed" over a broken check.
fail() {
  echo "FAILED: $1" >&2
  failed=$((failed + 1))
  failures+=$'\n'"$1"
}

finish() {
  finished=true
  if [ -n "$failures" ]; then say "What failed:$failures"; fi
  echo
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# Without root nothing is installed behind the person's back: the message says what is missing.
need() { # command, Debian package
  command -v "$1" >/dev/null && return
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say "Installing $2"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
  fi
  if ! command -v "$1" >/dev/null; then
    echo "$1 is missing. Install it first, on Debian with: apt-get install $2" >&2
    exit 1
  fi
}

# Each failed test of a suite's result file, with the first lines of what it said; nothing where there is no file.
failed_tests() { # suite
  awk -v suite="$1" '
    function plain(text) {
      gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&amp;/, "\\&", text)
      return substr(text, 1, 300)
    }
    /<UnitTestResult / {
      failed = !/ outcome="(Passed|NotExecuted)"/
      left = 0
      if (failed) {
        sub(/.* testName="/, ""); sub(/".*/, "")
        printf "\n%s: %s", suite, plain($0)
      }
      next
    }
    failed && sub(/.*<Message>/, "") { left = 5 }
    left {
      left = sub(/<\/Message>.*/, "") ? 0 : left - 1
      printf "\n  %s", plain($0)
    }
  ' "$results/$1.trx" 2>/dev/null || true
}

# Sums one suite's result file. A test host that crashed leaves no file or one without a summary: that is a failure.
count() { # suite, exit code of dotnet test, seconds
  local file="$results/$1.trx" counters suite_passed=0 suite_failed=0
  counters=$(grep -o '<Counters [^>]*>' "$file" 2>/dev/null | head -n 1 || true)
  if [ -n "$counters" ]; then
    suite_passed=$(sed -E 's/.* passed="([0-9]+)".*/\1/' <<<"$counters")
    # Whatever ran or should have run and did not pass: failed, errors, timeouts, aborted.
    suite_failed=$(($(sed -E 's/.* executed="([0-9]+)".*/\1/' <<<"$counters") - suite_passed))
  fi
  if [ "$suite_failed" -eq 0 ] && { [ -z "$counters" ] || [ "$2" -ne 0 ] || [ "$suite_passed" -eq 0 ]; }; then
    echo "$1: the test host did not finish properly (exit code $2)." >&2
    failures+=$'\n'"$1: the test host did not finish properly (exit code $2)."
    suite_failed=1
  fi
  failures+=$(failed_tests "$1")
  echo "$1: $suite_passed passed, $suite_failed failed, $3 s"
  passed=$((passed + suite_passed))
  failed=$((failed + suite_failed))
}

# What tests write is thrown away: it lies in memory where there is plenty, for a slow disk made a new database on PostgreSQL six
# times as slow. The proof by force keeps to the disk.
scratch=
in_memory() {
  local free
  free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1 || true)
  if [ "${free:-0}" -gt $((8 * 1024 * 1024)) ]; then
    scratch=$(mktemp -d -p /dev/shm ledgerpost-tests-XXXXXX)
    # PostgreSQL runs as somebody else where the tests run as root.
    chmod 711 "$scratch"
  fi
}

# Beside these two suites portals run for seconds: what is called 512 times is compiled a second time, not what is called 30
# times, and nothing is measured for it before. It takes a quarter of their processor time.
suite() { # suite, project, further arguments
  local brief=()
  case "$1" in Force | UI) brief=(DOTNET_TieredPGO=0 DOTNET_TC_CallCountThreshold=200) ;; esac
  env "${brief[@]}" dotnet test "$2" --no-build --configuration "$configuration" --verbosity quiet \
    --results-directory "$results" --logger "trx;LogFileName=$1.trx" --logger "console;verbosity=minimal" \
    --blame-hang-timeout 10m --blame-hang-dump-type none "${@:3}"
}

run() { # suite, project, further arguments
  local code=0 began=$SECONDS
  say "$1 tests"
  TMPDIR=${scratch:-${TMPDIR:-/tmp}} suite "$@" || code=$?
  count "$1" "$code" $((SECONDS - began))
}

# A suite that mostly waits goes beside another; what it says comes when it is waited for.
beside=
beside_began=
run_beside() { # suite, project
  beside_began=$SECONDS
  suite "$@" >"$results/$1.log" 2>&1 &
  beside=$!
}

wait_for() { # suite
  local code=0
  wait "$beside" || code=$?
  beside=
  say "$1 tests, begun beside the former"
  cat "$results/$1.log"
  count "$1" "$code" $((SECONDS - beside_began))
}

postgresql_folder=
start_postgresql() {
  local started
  started=$(TMPDIR=${scratch:-${TMPDIR:-/tmp}} ./.ci/postgresql start)
  postgresql_folder=$(head -n 1 <<<"$started")
  postgresql=$(tail -n 1 <<<"$started")
}

stop_postgresql() {
  if [ -n "$postgresql_folder" ]; then ./.ci/postgresql stop "$postgresql_folder"; fi
  postgresql_folder=
}

stop_all() {
  if [ -n "$beside" ]; then
    # dotnet is the child of the shell that was put beside.
    pkill -P "$beside" 2>/dev/null || true
    kill "$beside" 2>/dev/null || true
  fi
  stop_postgresql || true
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
  if $testing && ! $finished; then
    fail "the run ended before its end"
    finish || true
    exit 1
  fi
}
trap stop_all EXIT

# What touches the database; the proofs in a simulated world have SQLite's file in it, the models
# have none, and the scale tests its numbers.
on_postgresql='(Category!=Long|FullyQualifiedName~SixtyFourAtOnce)&FullyQualifiedName!~Emulator&FullyQualifiedName!~UnitTests.Components&FullyQualifiedName!~Model.SendModelTests&FullyQualifiedName!~Model.SisterModelTests&FullyQualifiedName!~Model.RelaxationTests&FullyQualifiedName!~Simulation'

need dotnet dotnet-sdk-10.0
if [ -n "$seeds" ]; then
  # Optimised, and without a limit of time: so many seeds take what they take.
  mkdir -p "$results"
  say "Simulation, $seeds seeds"
  dotnet build tests/Unit --configuration Release --verbosity quiet
  code=0 began=$SECONDS
  LEDGERPOST_SEEDS=$seeds dotnet test tests/Unit --no-build --configuration Release --verbosity quiet \
    --results-directory "$results" --logger "trx;LogFileName=Simulation.trx" --logger "console;verbosity=detailed" \
    --filter "FullyQualifiedName~SimulationTests.Seeds_Many" || code=$?
  count Simulation "$code" $((SECONDS - began))
  finish
  exit
fi

$quick || $force || need chromium chromium
# The walk of docs/api.md, as its reader types it.
$force || need curl curl
$force || need jq jq
# Debian keeps initdb out of the path.
$quick || command -v initdb >/dev/null || need pg_ctlcluster postgresql

if $force; then
  dotnet build tests/Force --configuration Release --verbosity quiet -p:RunAnalyzers=false
  exec dotnet run --project tests/Force --configuration Release --no-build
fi

rm -rf "$results"
mkdir -p "$results"
testing=true

say "Formatting"
dotnet tool restore >/dev/null
dotnet csharpier check . || fail "the formatting differs; run: dotnet csharpier format ."

say "Build, warnings as errors"
if ! dotnet build AdminPortal.sln --configuration "$configuration" --verbosity quiet -warnaserror -maxcpucount; then
  fail "the build"
  finish
  exit 1
fi

say "Security floor"
if ./.ci/check-data-protection; then :; else fail "the DataProtection version"; fi

in_memory
if $quick; then
  run Unit tests/Unit --filter "Category!=Long"
else
  run Unit tests/Unit
  # The proof by force waits for leases and starts most of its time.
  run_beside Force tests/Force
  # The same tests of data and engine once more, on the other database.
  start_postgresql
  LEDGERPOST_TEST_DATABASE=PostgreSql LEDGERPOST_TEST_POSTGRESQL="$postgresql" \
    run PostgreSql tests/Unit --filter "$on_postgresql"
  stop_postgresql
  wait_for Force
  run UI tests/UI
fi

finish
