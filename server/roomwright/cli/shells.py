"""Completion scripts for bash, zsh and fish, written from the places where a command line may stand."""

from typing import NamedTuple


class Word(NamedTuple):
    """Something that may be said: a command, a flag or a value, and its help."""

    text: str
    purpose: str


class Place(NamedTuple):
    """Where the command line stands: after the commands of `path` (`room participants`; empty at its start).

    `values` are the flags that take a value, with what it may be; none: anything, such as a file.
    """

    path: str
    words: tuple[Word, ...]
    values: dict[str, tuple[str, ...]]


def _bash(found: list[Place]) -> str:
    paths = " | ".join(f'"{place.path}"' for place in found if place.path)
    cases = "\n".join(f'    "{place.path}") words="{" ".join(w.text for w in place.words)}" ;;' for place in found)
    return f"""\
# bash completion of roomwright; load it with: source <(roomwright completion bash)
_roomwright() {{
  local word words="" path="" index values
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="${{path:+$path }}${{COMP_WORDS[index]}}"
    case "$word" in {paths}) path="$word" ;; esac
  done
  case "$path:${{COMP_WORDS[COMP_CWORD - 1]}}" in
{_bash_values(found)}
    *) values=none ;;
  esac
  if [[ "$values" != none ]]; then
    COMPREPLY=($(compgen -W "$values" -- "${{COMP_WORDS[COMP_CWORD]}}"))
    return
  fi
  case "$path" in
{cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _roomwright roomwright"""


def _bash_values(found: list[Place]) -> str:
    """After a flag that takes a value: its values, or none, which lets bash propose files."""
    lines = [
        f'    "{place.path}:{flag}") values="{" ".join(values)}" ;;'
        for place in found
        for flag, values in place.values.items()
    ]
    return "\n".join(lines)


def _zsh(found: list[Place]) -> str:
    paths = " | ".join(f"'{place.path}'" for place in found if place.path)
    cases = "\n".join(
        f"    '{place.path}') found=({' '.join(_zsh_word(word) for word in place.words)}) ;;" for place in found
    )
    flags = "\n".join(
        f"    {_quoted(f'{place.path}:{flag}')}) {_zsh_values(values)}; return ;;"
        for place in found
        for flag, values in place.values.items()
    )
    return f"""\
#compdef roomwright
# zsh completion of roomwright; load it with: source <(roomwright completion zsh)
_roomwright() {{
  local word at='' index
  local -a found
  for ((index = 2; index < CURRENT; index++)); do
    word="${{at:+$at }}${{words[index]}}"
    case "$word" in {paths}) at="$word" ;; esac
  done
  case "$at:${{words[CURRENT - 1]}}" in
{flags}
  esac
  case "$at" in
{cases}
  esac
  _describe roomwright found || _files
}}
compdef _roomwright roomwright"""


def _zsh_word(word: Word) -> str:
    return _quoted(f"{word.text}:{word.purpose}" if word.purpose else word.text)


def _zsh_values(values: tuple[str, ...]) -> str:
    return f"compadd -- {' '.join(map(_quoted, values))}" if values else "_files"


def _fish(found: list[Place]) -> str:
    paths = " ".join(f"'{place.path}'" for place in found if place.path)
    lines = [
        f"complete -c roomwright -n '__roomwright_at \"{place.path}\"' {_fish_word(word, place)}"
        for place in found
        for word in place.words
    ]
    head = f"""\
# fish completion of roomwright; load it with: roomwright completion fish | source
function __roomwright_at
    set -l at
    for word in (commandline -opc)[2..-1]
        if contains -- (string trim "$at $word") {paths}
            set at (string trim "$at $word")
        end
    end
    test "$at" = "$argv[1]"
end"""
    return "\n".join([head, *lines])


def _fish_word(word: Word, place: Place) -> str:
    if not word.text.startswith("-"):
        return f"-f -a {_quoted(word.text)} -d {_quoted(word.purpose)}"
    dash = "-l" if word.text.startswith("--") else "-s"
    values = place.values.get(word.text)
    takes = "" if values is None else f" -x -a {_quoted(' '.join(values))}" if values else " -r"
    return f"{dash} {word.text.lstrip('-')}{takes} -d {_quoted(word.purpose)}"


def _quoted(text: str) -> str:
    """In single quotes, which zsh and fish read alike."""
    return "'" + text.replace("'", "'\\''") + "'"


SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
"""What writes the script for each shell."""
