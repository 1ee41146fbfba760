import { programPrelude } from '../program-prelude.ts';

/**
 * What a job of kind packer runs. Arguments: program, action, source, template within it, manifest within it, yes or no for init,
 * folder of plugins or nothing; then what the action gets beside.
 *
 * Leaves for `packerHarvest`: `action`, `manifest.json` where the template makes one, and `failure` where it gives up.
 */
export const packerProgram = `${programPrelude}
program=$1 action=$2 source=$3 template=$4 manifest=$5 init=$6 plugins=$7
shift 7
printf '%s' "$action" >"$folder/action"
[ -n "\${PACKER_CACHE_DIR-}" ] || export PACKER_CACHE_DIR="$folder/packer-cache"
if [ -n "$plugins" ]; then
  mkdir -p "$plugins" || fail 1 "the key pluginFolder: $plugins cannot be made"
  export PACKER_PLUGIN_PATH="$plugins"
fi

copy_source "$source" "$folder/packer-source"
cd "$folder/packer-source" || fail 1 'the copy of source cannot be entered'
[ -e "$template" ] || fail 1 "the key template: expected a file or folder within source, $template is none"
rm -f "$manifest"

if [ "$init" = yes ]; then
  step 5 'fetching plugins' "$program" init "$template"
  must 'init failed'
fi
step 20 "$action" "$program" "$action" "$@" "$template"
# What was built counts, also when another build of the template failed.
[ ! -f "$manifest" ] || cp "$manifest" "$folder/manifest.json"
must "$action failed"
`;
