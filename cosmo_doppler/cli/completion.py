"""`cosmo completion`: what makes TAB work."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from cosmo_doppler.cli.options import examples
from cosmo_doppler.cli.output import show

_HINTS = {
    "bash": '# Add to ~/.bashrc:  eval "$(cosmo completion bash)"',
    "zsh": '# Add to ~/.zshrc:  eval "$(cosmo completion zsh)"',
    "fish": "# Save as ~/.config/fish/completions/cosmo.fish",
}


@click.command(
    epilog=examples(
        'eval "$(cosmo completion bash)"',
        "cosmo completion fish > ~/.config/fish/completions/cosmo.fish",
    )
)
@click.argument("shell", type=click.Choice(list(_HINTS)))
@click.option("--no-hint", is_flag=True, help="The script alone, without the comment on how to install it.")
def command(shell: str, no_hint: bool) -> None:
    """Print a completion script for SHELL."""
    from cosmo_doppler.cli.root import cosmo

    flavour = get_completion_class(shell)
    assert flavour is not None
    if not no_hint:
        show(_HINTS[shell])
    show(flavour(cosmo, {}, "cosmo", "_COSMO_COMPLETE").source())
