"""What pages noticed of keys, requests and their answers; pytest shows it of a test that failed."""

import sys

from playwright.sync_api import BrowserContext, ConsoleMessage

_SCRIPT = """{
  const note = what => console.debug(`${Math.round(performance.now())} ms ${what}`);
  const named = element => element?.id || element?.name || element?.localName || 'nothing';
  addEventListener('DOMContentLoaded', () => note(`${location.pathname} read`));
  addEventListener('load', () => note('loaded'));
  addEventListener('keydown', e => note(`key ${e.key} in ${named(document.activeElement)}`), true);
  addEventListener('input', e => note(`input of ${named(e.target)}`), true);
  addEventListener('psa:live', e => note(`news for ${named(e.target)}`), true);
  for (const kind of ['before:request', 'after:swap', 'finally:request', 'abort', 'error'])
    addEventListener(`htmx:${kind}`, e => note(`${kind} of ${named(e.target)} ${e.detail?.ctx?.request?.action ?? ''}`), true);
}"""


def notice(context: BrowserContext) -> None:
    """Let all pages of a context say what they notice."""
    context.add_init_script(_SCRIPT)
    context.on("console", _tell)


def _tell(message: ConsoleMessage) -> None:
    if message.type == "debug":
        sys.stdout.write(f"{message.text}\n")
