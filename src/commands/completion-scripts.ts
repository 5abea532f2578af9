/** Completion scripts. Each asks the program itself (`--get-yargs-completions`), so that they never grow old. */

const BASH = `# cachewhy completion for bash: add to ~/.bashrc
#   source <(cachewhy completion bash)
_cachewhy_completions() {
  local cur words word answers
  cur=\${COMP_WORDS[COMP_CWORD]}
  words=("\${COMP_WORDS[@]}")
  # After -- comes the build's own command.
  for word in "\${words[@]:0:COMP_CWORD}"; do
    if [ "$word" = -- ]; then
      COMPREPLY=($(compgen -f -c -- "$cur"))
      return 0
    fi
  done
  answers=$(SHELL=bash cachewhy --get-yargs-completions "\${words[@]}" 2>/dev/null)
  mapfile -t COMPREPLY < <(compgen -W "$answers" -- "$cur")
  if [ \${#COMPREPLY[@]} -eq 0 ]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
  return 0
}
complete -o bashdefault -o default -F _cachewhy_completions cachewhy
`;

const ZSH = `#compdef cachewhy
# cachewhy completion for zsh: put this into a file _cachewhy in a folder of $fpath, or add to ~/.zshrc
#   source <(cachewhy completion zsh)
_cachewhy() {
  local dashes=\${words[(i)--]}
  # After -- comes the build's own command.
  if (( dashes < CURRENT )); then
    shift $dashes words
    (( CURRENT -= dashes ))
    _normal
    return
  fi
  local reply
  local si=$IFS
  IFS=$'\\n' reply=($(COMP_CWORD="$((CURRENT-1))" COMP_LINE="$BUFFER" COMP_POINT="$CURSOR" SHELL=zsh cachewhy --get-yargs-completions "\${words[@]}" 2>/dev/null))
  IFS=$si
  if [[ \${#reply} -gt 0 ]]; then
    _describe 'values' reply
  else
    _files
  fi
}
if [ "\${zsh_eval_context[-1]}" = loadautofunc ]; then
  _cachewhy "$@"
else
  compdef _cachewhy cachewhy
fi
`;

const FISH = `# cachewhy completion for fish: cachewhy completion fish > ~/.config/fish/completions/cachewhy.fish
function __cachewhy_complete
  set -l words (commandline -opc)
  # After -- comes the build's own command.
  if contains -- -- $words
    set -l at (contains -i -- -- $words)
    complete -C (string join -- ' ' (string escape -- $words[(math $at + 1)..-1]) (commandline -ct))
    return
  end
  SHELL=fish cachewhy --get-yargs-completions $words (commandline -ct) 2>/dev/null
  __fish_complete_path (commandline -ct)
end
complete -c cachewhy -f -a '(__cachewhy_complete)'
`;

/** @param shell a name or the path of one; anything else is taken for bash */
export function completionScript(shell: string): string {
  if (/(?:^|\/)zsh$/.test(shell)) return ZSH;
  return /(?:^|\/)fish$/.test(shell) ? FISH : BASH;
}
