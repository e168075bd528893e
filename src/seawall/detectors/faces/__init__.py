"""Faces: found by CenterFace, never recognised."""

from seawall.detectors.faces._centerface import Face, Look, look
from seawall.detectors.faces._detector import FACE, FACES, FINDING, Faces, face_region
from seawall.detectors.faces._finder import FaceFinder, face_finder

__all__ = ["FACE", "FACES", "FINDING", "Face", "FaceFinder", "Faces", "Look", "face_finder", "face_region", "look"]
