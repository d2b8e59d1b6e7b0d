"""Check that the host has what the extension needs. Install nothing."""

from importlib.util import find_spec

NEEDED = {"torch": "torch", "cv2": "opencv-python", "numpy": "numpy", "PIL": "Pillow",
          "pydantic": "pydantic", "gradio": "gradio"}  # fmt: skip

missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
if missing:
    print(f"Differential Diffusion: missing {', '.join(missing)}; the WebUI should include them.")
