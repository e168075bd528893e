"""Who has to be told of a finding: by which law, how soon, what covers it, and the text for those without an API."""

from seawall.maintain.authorities.destinations.portal import portal_text
from seawall.maintain.authorities.destinations.routing import Destination, Way, route

__all__ = ["Destination", "Way", "portal_text", "route"]
