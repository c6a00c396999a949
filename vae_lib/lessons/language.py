"""What the lessons say, in the language of the notebook that asks.

English stands in the code, Taiwan's Chinese in ``chinese.CHINESE``. A notebook in a folder
``zh-TW`` is Chinese; one that was taken elsewhere, as into Colab, says so in its first cell.
"""

import os
from pathlib import Path

from vae_lib.lessons.chinese import CHINESE

VARIABLE = "VAE_BOOK_LANGUAGE"  # "zh-TW" or "en"; the working folder decides where it is not set
FOLDER = "zh-TW"


def say(english: str, **values: object) -> str:
    """Return a sentence in the notebook's language.

    Args:
        english: The sentence, with the names of ``values`` in braces as ``str.format`` reads them.
        values: What stands in the braces.
    """
    language = os.environ.get(VARIABLE) or (FOLDER if FOLDER in Path.cwd().parts else "en")
    return (CHINESE[english] if language == FOLDER else english).format(**values)
