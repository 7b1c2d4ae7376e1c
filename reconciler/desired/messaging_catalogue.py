"""The rules of security policy for web messaging: who is asked to sign in, what is captured, how long it lasts.

Part of the one table in `catalogue`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from reconciler.desired.rule import Rule
from reconciler.model import Severity

_warned = partial(Rule, severity=Severity.WARNING, is_policy=True)
_noted = partial(Rule, severity=Severity.NOTICE, is_policy=True)

_AUTHENTICATION = (
    _warned(
        "auth-disabled",
        "A configuration does not switch the sign-in of visitors off.",
        (
            "Whoever is not signed in can claim to be anybody, and an agent who believes it gives away an account"
            " (OWASP ASVS 2.1)."
        ),
        "authenticationSettings:\n    enabled: false",
        "authenticationSettings:\n    enabled: true\n    integrationId: shop-login",
        "switch it on, or grant a waiver for a messenger that gives only public answers",
        risk=7.0,
    ),
    _warned(
        "auth-session-upgrade",
        "A guest's session is not upgraded when its visitor signs in.",
        (
            "What was said before the sign-in counts as said by the customer, whoever sat at the machine"
            " (session fixation, CWE-384)."
        ),
        "allowSessionUpgrade: true",
        "allowSessionUpgrade: false",
        "write allowSessionUpgrade: false, so that signing in begins a new session",
        risk=6.0,
    ),
    _noted(
        "auth-unmanaged",
        "A configuration says whether visitors must sign in.",
        "What is left out is not managed: somebody can switch the sign-in off in the console, and no plan shows it.",
        "languages: [en-us]",
        "authenticationSettings:\n    enabled: true\n    integrationId: shop-login",
        "write authenticationSettings, as it is live: reconciler adopt shows it",
        is_optional=True,
        risk=4.0,
    ),
)

_CAPTURE = (
    _warned(
        "upload-types",
        "Visitors may send only types of files that the organisation lists (upload_types under [rules]).",
        "Every type that is let in is one that an agent may open (OWASP, unrestricted file upload).",
        "fileTypes: [image/png, application/pdf]",
        "fileTypes: [image/jpeg, image/png]",
        "take the type out, or have it added to upload_types under [rules]",
        risk=6.5,
    ),
    _warned(
        "upload-size",
        "Visitors may send files up to the organisation's limit (limits.upload_kilobytes under [rules]).",
        "Large files fill storage, and hide more than a scanner looks at.",
        "maxFileSizeKB: 10240",
        "maxFileSizeKB: 2048",
        "write a smaller maxFileSizeKB",
        risk=3.5,
    ),
    _warned(
        "form-capture",
        "Journey events do not capture what visitors type into forms.",
        (
            "A form holds names, addresses and card numbers; captured, they are stored where nobody expects them"
            " (GDPR Art. 5(1)(c), PCI DSS 3.2)."
        ),
        "captureDataOnFormSubmit: true",
        "captureDataOnFormSubmit: false",
        "write false for both, and track the event without its data",
        risk=7.0,
    ),
    _noted(
        "url-capture",
        "Journey events keep no URL fragments.",
        "Tokens of sign-ins are handed over in fragments (RFC 6749, section 4.2.2), and would be stored.",
        "shouldKeepUrlFragment: true",
        "shouldKeepUrlFragment: false",
        "write false",
        risk=5.0,
    ),
    _warned(
        "cobrowse-control",
        "An agent who looks at a visitor's page cannot act in it.",
        "With control an agent can press Pay in the customer's name; only a visitor should.",
        "allowAgentControl: true",
        "allowAgentControl: false",
        "write false for allowAgentControl and allowAgentNavigation",
        risk=6.0,
    ),
    _warned(
        "cobrowse-masks",
        "Where co-browsing is on, mask selectors hide what agents must not see.",
        "Without masks an agent sees passwords and card numbers as they are typed (PCI DSS 3.4).",
        "cobrowse:\n    enabled: true",
        'cobrowse:\n    enabled: true\n    maskSelectors: ["[type=password]", ".card-number"]',
        "list the selectors of passwords, card numbers and other secrets in maskSelectors",
        risk=6.5,
    ),
    _noted(
        "video-capture",
        "Visitors are not asked for camera, microphone or screen.",
        "A shared screen shows whatever lies open beside the page.",
        "video:\n    enabled: true\n    user: {allowScreenShare: true}",
        "video:\n    enabled: true\n    user: {allowScreenShare: false}",
        "write false, or grant a waiver where the service needs it",
        risk=4.0,
    ),
    _warned(
        "notification-content",
        "Push notifications do not carry what was written.",
        "They show on a locked telephone, and pass through Apple's and Google's servers.",
        "notificationContentType: IncludeMessagesContent",
        "notificationContentType: ExcludeMessagesContent",
        "write ExcludeMessagesContent",
        risk=5.0,
    ),
)

_SESSION = (
    _warned(
        "session-duration",
        "A visitor's session ends after 72 hours at the latest (limits.session_seconds under [rules]).",
        "Whoever sits at the machine next reads on where the visitor stopped (OWASP ASVS 3.3).",
        "sessionDurationSeconds: 2592000",
        "sessionDurationSeconds: 86400",
        "write fewer seconds",
        risk=4.5,
    ),
    _noted(
        "session-persistence",
        "A session stays on the site on which it began.",
        "Shared across sub-domains, it can be read by the weakest of them.",
        "sessionPersistenceType: AcrossSubdomains",
        "sessionPersistenceType: DomainOrSubdomainOnly",
        "write DomainOrSubdomainOnly",
        risk=4.0,
    ),
)

MESSAGING: Mapping[str, tuple[Rule, ...]] = {
    "Policy: authentication of web messaging": _AUTHENTICATION,
    "Policy: data capture": _CAPTURE,
    "Policy: sessions": _SESSION,
}
