"""The fonts of posters, and where they lie: in the layer of the function Posters, and in this folder."""
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

FILES = ("WenQuanYiMicroHeiSymbols.ttf", "DroidSansFallbackFull.ttf")
"""In the order in which a character is looked for."""
