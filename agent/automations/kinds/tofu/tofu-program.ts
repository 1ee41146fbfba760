import { programPrelude } from '../program-prelude.ts';

/**
 * What a job of kind terraform or tofu runs. Arguments: program, action, source, module within it, workspace, seconds to wait for a
 * lock, folder of the state, id of a lock, folder of the plugin cache, folder of plans, name of a plan in it, id of the job; then what
 * `plan` gets beside. From the workspace on an empty one stands for none.
 *
 * Leaves for `tofuHarvest`: `action`, `changes` (true or false), `plan.json`, `values.json`, `kept-plan`, and `failure` where it gives up.
 */
export const tofuProgram = `${programPrelude}
program=$1 action=$2 source=$3 module=$4 workspace=$5 lock_seconds=$6 state=$7 lock_id=$8
shift 8
plugins=$1 plans=$2 planned=$3 job=$4
shift 4
# A plan is for the workspace it was made in, so that of another one is not found.
[ -z "$plans" ] || plans=$plans/plans-of-$workspace
printf '%s' "$action" >"$folder/action"
unset TF_WORKSPACE
export TF_DATA_DIR="$folder/tofu-data"
if [ -n "$plugins" ]; then
  mkdir -p "$plugins" || fail 1 "pluginCache: $plugins cannot be made"
  export TF_PLUGIN_CACHE_DIR="$plugins"
fi

copy_source "$source" "$folder/tofu-module"
cd "$folder/tofu-module/$module" || fail 1 "the key module: expected a folder within source, $module is none"
rm -rf .terraform terraform.tfstate terraform.tfstate.* .terraform.tfstate.lock.info errored.tfstate

# A backend that the module names, other than local. What a comment says counts too: better asked once too often.
names_backend() {
  cat ./*.tf ./*.tofu 2>/dev/null | grep -E '(^|\\{)[[:space:]]*(backend[[:space:]]+"|cloud[[:space:]]*\\{)' |
    grep -Eqv 'backend[[:space:]]+"local"' || cat ./*.tf.json ./*.tofu.json 2>/dev/null | grep -Eq '"(backend|cloud)"[[:space:]]*:'
}

if [ -n "$state" ]; then
  ! names_backend || fail 1 "the module names a backend of its own: take that out of the module, or stateFolder out of the automation"
  mkdir -p "$state" && [ -w "$state" ] && [ -x "$state" ] ||
    fail 1 "the key stateFolder: $(id -un) cannot make $state, or not write to it: make the folder, and give it to that user"
  if [ -s "$source/$module/terraform.tfstate" ] && [ ! -e "$state/terraform.tfstate" ]; then
    fail 1 "there is a terraform.tfstate in source and none in stateFolder ($state): move it there, so that what exists is known"
  fi
  printf '%s' '{"terraform": {"backend": {"local": {}}}}' >farhand_override.tf.json
fi

set -- -input=false -no-color "-lock-timeout=\${lock_seconds}s" "-var-file=$folder/variables.tfvars.json" "$@"
if [ -e "$folder/farhand.tfbackend" ]; then
  step 5 initializing "$program" init -input=false -no-color "-lock-timeout=\${lock_seconds}s" "-backend-config=$folder/farhand.tfbackend"
else
  step 5 initializing "$program" init -input=false -no-color "-lock-timeout=\${lock_seconds}s"
fi
must 'init failed'
if [ -z "$state" ]; then
  backend=$TF_DATA_DIR/terraform.tfstate
  if [ ! -e "$backend" ] || grep -Eq '^        "type": "local"' "$backend"; then
    fail 1 'the module names no backend (or local), so its state would be gone with the folder of this job: name a stateFolder in the automation, or a backend in the module'
  fi
fi
if [ -n "$workspace" ]; then
  step 15 'selecting the workspace' "$program" workspace select -no-color -or-create "$workspace"
  must 'the workspace cannot be selected'
fi

if [ "$action" = unlock ]; then
  step 50 unlocking "$program" force-unlock -force -no-color "$lock_id"
  must 'the state cannot be unlocked'
  exit 0
fi

make_plan() {
  [ "$action" != destroy ] || set -- -destroy "$@"
  step 20 planning "$program" plan -detailed-exitcode "-out=$folder/plan" "$@"
  case $status in
  0) printf false >"$folder/changes" ;;
  2) printf true >"$folder/changes" ;;
  *) must 'plan failed' ;;
  esac
}

# One that an earlier job showed. Its state may have moved on since: then apply refuses it.
take_plan() {
  cp "$plans/$planned.tfplan" "$folder/plan" && cp "$plans/$planned.changes" "$folder/changes" ||
    fail 1 "there is no plan $planned in planFolder: it was applied, or is older than a week: plan again"
  step 20 'showing the plan' "$program" show -no-color "$folder/plan"
  must 'the plan cannot be shown'
}

keep_plan() {
  mkdir -p "$plans" && cp "$folder/changes" "$plans/$job.changes" && cp "$folder/plan" "$plans/$job.part" &&
    mv "$plans/$job.part" "$plans/$job.tfplan" || fail 1 "the key planFolder: $plans cannot be written to"
  find "$plans" -type f \\( -name '????????-????-????-????-????????????.tfplan' -o -name '????????-????-????-????-????????????.changes' \\) \\
    -mtime +7 -exec rm -f {} +
  printf '%s' "$job" >"$folder/kept-plan"
}

if [ -n "$planned" ]; then take_plan; else make_plan "$@"; fi
"$program" show -json "$folder/plan" >"$folder/plan.json"
status=$?
unless_stopped
must 'the plan cannot be shown'
if [ "$action" = plan ]; then
  [ -z "$plans" ] || keep_plan
  exit 0
fi

# A state that could not be saved is the only record of what was made: it must not go with this folder. A user may have no home.
keep_errored() {
  [ -e errored.tfstate ] || return 0
  shared=/var/tmp/farhand-errored-states-$(id -u)
  for kept in "$state" "\${HOME:+$HOME/farhand-errored-states}" "$shared"; do
    [ -n "$kept" ] && mkdir -p "$kept" && { [ "$kept" != "$shared" ] || [ -O "$kept" ]; } &&
      cp errored.tfstate "$kept/errored-$FARHAND_ATTEMPT_ID.tfstate" || continue
    fail "$status" "the state could not be saved; it is kept in $kept/errored-$FARHAND_ATTEMPT_ID.tfstate: bring it back with: $program state push errored-$FARHAND_ATTEMPT_ID.tfstate, before anything else is applied"
  done
}

unless_stopped
[ -z "\${FARHAND_PROGRESS-}" ] || printf '{"percent": 50, "message": "applying"}\\n' >>"$FARHAND_PROGRESS"
"$program" apply -input=false -no-color "-lock-timeout=\${lock_seconds}s" "$folder/plan"
status=$?
[ "$status" = 0 ] || keep_errored
unless_stopped
[ "$status" != 137 ] || fail 137 "$action was killed: what it was making may exist without the state knowing, and a remote state may still be locked (the next job says by which id, for the action unlock)"
must "$action failed"
[ -z "$planned" ] || rm -f "$plans/$planned.tfplan" "$plans/$planned.changes"
"$program" output -json -no-color >"$folder/values.json"
status=$?
must 'it was applied, but its outputs cannot be read'
`;
