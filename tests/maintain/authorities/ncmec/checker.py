"""A checker of reports that knows nothing of seawall's table: content models as regular expressions, written apart.

It says whether a document has the elements that the published documentation describes, in their order and number, and
values of their form. It is the second opinion in tests, and is used nowhere else.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

PERSON = "(firstName )?(lastName )?(phone )*(email )*(address )*(age )?(dateOfBirth )?"
CONTACT = "(firstName )?(lastName )?(phone )*(email )*(address )*"
WHO = "(espIdentifier )?(espService )?(compromisedAccount )?(screenName )?(displayName )*(profileUrl )*(profileBio )?"
CAPTURED = "(ipCaptureEvent )*(deviceId )*"
DISABLED = "(accountTemporarilyDisabled )?(accountPermanentlyDisabled )?"
WHERE = "(estimatedLocation )?(allEmailsReported )?"
KINDS = (
    "webPage", "email", "newsgroup", "chatIm", "onlineGaming", "cellPhone", "nonInternet", "peer2peer",
)  # fmt: skip
REPORT_FLAGS = {"sextortion", "csamSolicitation", "minorToMinorInteraction", "spam", "sadisticOnlineExploitation"}
FILE_FLAGS = {
    "animeDrawingVirtualHentai", "potentialMeme", "viral", "possibleSelfProduction", "physicalHarm", "violenceGore",
    "bestiality", "liveStreaming", "infant", "generativeAi",
}  # fmt: skip

MODELS = {
    "report": "(batchedReport )?incidentSummary (internetDetails )*(lawEnforcement )?reporter (personOrUserReported )*"
    "(intendedRecipient )*(victim )*(additionalInfo )?",
    "batchedReport": "",
    "incidentSummary": "incidentType (platform )?(escalateToHighPriority )?(reportAnnotations )?incidentDateTime "
    "(incidentDateTimeDescription )?",
    "internetDetails": "(" + "|".join(f"{each}Incident " for each in KINDS) + ")",
    "webPageIncident": "(url )*(additionalInfo )?",
    "emailIncident": "(emailAddress )*(content )?(additionalInfo )?",
    "newsgroupIncident": "(name )?(emailAddress )*(content )?(additionalInfo )?",
    "chatImIncident": "(chatClient )?(chatRoomName )?(content )?(additionalInfo )?",
    "onlineGamingIncident": "(gameName )?(console )?(content )?(additionalInfo )?",
    "cellPhoneIncident": "(phoneNumber )?(latitude )?(longitude )?(additionalInfo )?",
    "nonInternetIncident": "(locationName )?(incidentAddress )*(additionalInfo )?",
    "peer2peerIncident": "(client )?(ipCaptureEvent )*(fileNames )?(additionalInfo )?",
    "lawEnforcement": "agencyName (caseNumber )?(officerContact )?(reportedToLe )?(servedLegalProcessDomestic )?"
    "(servedLegalProcessInternational )?",
    "reporter": "reportingPerson (contactPerson )?(companyTemplate )?(termsOfService )?(legalURL )?",
    "reportingPerson": PERSON,
    "personOrUserReportedPerson": PERSON,
    "intendedRecipientPerson": PERSON,
    "victimPerson": PERSON,
    "contactPerson": CONTACT,
    "officerContact": CONTACT,
    "personOrUserReported": f"(personOrUserReportedPerson )?(vehicleDescription )?{WHO}{CAPTURED}"
    f"(thirdPartyUserReported )?(priorCTReports )*(groupIdentifier )?{DISABLED}{WHERE}(associatedAccount )*"
    "(additionalInfo )?",
    "intendedRecipient": f"(intendedRecipientPerson )?{WHO}{CAPTURED}(priorCTReports )*(groupIdentifier )?"
    f"{DISABLED}{WHERE}(additionalInfo )*",
    "victim": f"victimPerson {WHO}{CAPTURED}(schoolName )?(priorCTReports )*{DISABLED}{WHERE}"
    "(associatedAccount )*(additionalInfo )?",
    "associatedAccount": "(platform )?(firstName )?(middleName )?(lastName )?(approximateAge )?(dateOfBirth )?(phone )*"
    "(email )*(allEmailsReported )?(address )*(espService )?(espIdentifier )?(profileUrl )*(screenName )?"
    f"(displayName )*(profileBio )?(groupIdentifier )?(compromisedAccount )?{DISABLED}{CAPTURED}(priorCTReport )*"
    "(additionalInfo )?",
    "estimatedLocation": "(city )?(region )?(countryCode )?",
    "ipCaptureEvent": "ipAddress (eventName )?(dateTime )?(possibleProxy )?(port )?",
    "deviceId": "idType idValue (eventName )?(dateTime )?",
    "fileDetails": "reportId fileId (fileName )?(originalFileName )?(uploadedToEspTimestamp )?(locationOfFile )?"
    "(fileViewedByEsp )?(exifViewedByEsp )?(publiclyAvailable )?(fileRelevance )?(potentialMeme |fileAnnotations )?"
    "(industryClassification )?(originalFileHash )*(ipCaptureEvent )?(deviceId )*(details )*(additionalInfo )*",
    "details": "(nameValuePair )+",
    "nameValuePair": "name value ",
}
ADDRESS = "(address )?(city )?(zipCode )?(state )?(nonUsaState )?(country )?"

BOOL = "true|false|1|0"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"
NUMBER = r"\d+"
DEGREES = r"-?\d+(\.\d+)?([eE][+-]?\d+)?"
CODE = "([A-Z][A-Z0-9])?"
VALUES = {
    "incidentDateTime": TIME, "dateTime": TIME, "uploadedToEspTimestamp": TIME, "dateOfBirth": r"\d{4}-\d\d-\d\d",
    "eventName": "Login|Registration|Purchase|Upload|Other|Unknown", "reportedToLe": BOOL,
    "servedLegalProcessDomestic": BOOL, "servedLegalProcessInternational": BOOL, "compromisedAccount": BOOL,
    "thirdPartyUserReported": BOOL, "accountTemporarilyDisabled": BOOL, "accountPermanentlyDisabled": BOOL,
    "allEmailsReported": BOOL, "possibleProxy": BOOL, "fileViewedByEsp": BOOL, "exifViewedByEsp": BOOL,
    "publiclyAvailable": BOOL, "potentialMeme": BOOL, "fileRelevance": "Reported|Supplemental Reported",
    "industryClassification": "A1|A2|B1|B2", "priorCTReports": NUMBER, "priorCTReport": NUMBER, "reportId": NUMBER,
    "age": NUMBER, "approximateAge": NUMBER, "port": NUMBER, "state": "([A-Z]{2})?", "country": CODE,
    "countryCode": CODE, "latitude": DEGREES, "longitude": DEGREES,
    "incidentType": "(Child|Misleading|Online|Unsolicited) .+",
}  # fmt: skip
MAIL = {"type": "Home|Work|Business|Recovery", "verified": BOOL, "verificationDate": TIME}
OFF = {"disabledDate": TIME, "userNotified": BOOL, "userNotifiedDate": TIME}
PHONE = {
    "type": "Mobile|Home|Business|Work|Fax|Internet|Recovery", "verified": BOOL, "verificationDate": TIME,
    "countryCallingCode": r"\+[0-9]{1,3}", "extension": "[0-9]+",
}  # fmt: skip
ATTRIBUTES: dict[str, dict[str, str]] = {
    "batchedReport": {"reason": "VIRAL_POTENTIAL_MEME"},
    "webPageIncident": {"thirdPartyHostedContent": BOOL},
    "servedLegalProcessInternational": {"fleaCountry": CODE},
    "email": MAIL,
    "emailAddress": MAIL,
    "phone": PHONE,
    "phoneNumber": PHONE,
    "accountTemporarilyDisabled": OFF | {"reenabledDate": TIME},
    "accountPermanentlyDisabled": OFF,
    "associatedAccount": {"type": "Billing|Linked|Business|Creator|Parent/Guardian|Other"},
    "estimatedLocation": {"verified": BOOL, "timestamp": TIME},
    "originalFileHash": {"hashType": "(?s).*"},
    "details": {"type": "EXIF|HASH"},
}
PLACE = {"type": "Home|Business|Billing|Shipping|Technical"}
REQUIRED = {"batchedReport": "reason", "associatedAccount": "type", "originalFileHash": "hashType"}


def complaints(document: bytes) -> list[str]:
    """Return what is wrong with a document; nothing if it is legal."""
    root = ET.fromstring(document)
    return _element(root, None) if root.tag in ("report", "fileDetails") else ["root"]


def _element(element: ET.Element, above: str | None) -> list[str]:
    name, found = element.tag, []
    is_place = name == "incidentAddress" or (name == "address" and above not in ("address", "incidentAddress"))
    attributes = PLACE if is_place else ATTRIBUTES.get(name, {})
    if name == "platform" and above == "associatedAccount":
        attributes = {"thirdPartyUser": BOOL}
    for key, value in element.attrib.items():
        if key not in attributes or not re.fullmatch(attributes[key], value):
            found.append(f"{name}@{key}")
    if name in REQUIRED and REQUIRED[name] not in element.attrib:
        found.append(f"{name} lacks @{REQUIRED[name]}")
    if name in ("reportAnnotations", "fileAnnotations"):
        return found + _flags(element, REPORT_FLAGS if name == "reportAnnotations" else FILE_FLAGS)
    model = ADDRESS if is_place else MODELS.get(name)
    if model is None:
        if len(element):
            found.append(f"{name} holds elements")
        elif name in VALUES and not re.fullmatch(VALUES[name], element.text or ""):
            found.append(f"{name} is not of its form")
        return found
    names = "".join(f"{child.tag} " for child in element)
    if not re.fullmatch(model, names):
        found.append(f"{name} holds {names}")
    if (element.text or "").strip():
        found.append(f"{name} holds a text")
    for child in element:
        found += _element(child, name)
    return found


def _flags(element: ET.Element, allowed: set[str]) -> list[str]:
    flags = [child.tag for child in element]
    bare = not any(child.text or len(child) or child.attrib for child in element)
    return [] if bare and set(flags) <= allowed and len(set(flags)) == len(flags) else [element.tag]
