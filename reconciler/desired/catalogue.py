"""Every rule that a channel file can break: what it demands, why, a bad and a good example, the way out.

The one table of rules: `explain` shows it, findings take their severity from it, and tests find a case for each.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.desired.messaging_catalogue import MESSAGING
from reconciler.desired.policy_catalogue import POLICY
from reconciler.desired.rule import Rule
from reconciler.desired.waiver_catalogue import APPROVAL

FILES = (
    Rule(
        "file-link",
        "A channel file is a file of its own, not a symbolic link.",
        (
            "A link can lead out of the repository, and what it shows is not what was reviewed. Argo CD had"
            " to close this twice (GHSA-6gcg-hp2x-q54h, GHSA-q4w5-4gq2-98vm)."
        ),
        "",
        "",
        "put the file itself there",
    ),
    Rule(
        "file-type",
        "A channel file is a regular file.",
        "Reading a pipe or a device may never end, and a folder called x.yaml holds no channel.",
        "",
        "",
        "put a regular file there, or give the folder another name",
    ),
    Rule(
        "file-unreadable",
        "Every channel file can be read.",
        "A file that is skipped is a channel that nobody watches.",
        "",
        "",
        "let the user who runs this read the file",
    ),
    Rule(
        "file-size",
        "A channel file has at most 65,536 bytes.",
        (
            "A channel has about one kilobyte. Large manifests have exhausted the memory of deployment"
            " tools (Argo CD, GHSA-jhqp-vf4w-rpwq)."
        ),
        "",
        "",
        "shorten the file",
    ),
    Rule(
        "file-encoding",
        "A channel file is UTF-8 without a byte order mark.",
        (
            "Editors, git and other readers of YAML guess other encodings differently, so a reviewer may"
            " see another text than the one that is applied (YAML 1.2.2, section 5.2)."
        ),
        "",
        "",
        "save the file as UTF-8 without a byte order mark",
    ),
    Rule(
        "file-name",
        "A channel file ends in .yaml or .yml, in lower case.",
        "On file systems that ignore case, X.YAML and x.yaml are one file; on others they are two.",
        "",
        "",
        "rename the file so that it ends in .yaml",
    ),
    Rule(
        "file-twin",
        "No two channel files of one folder differ in their ending, or in upper and lower case, alone.",
        "Nobody can tell which of x.yaml and x.yml counts; on some file systems one hides the other.",
        "",
        "",
        "keep one of the two files",
    ),
    Rule(
        "file-lfs",
        "A channel file is kept in git itself, not in git-lfs.",
        "What would be read is the pointer, not the channel.",
        "version https://git-lfs.github.com/spec/v1",
        "apiVersion: reconciler/v1",
        "run git lfs pull, or take channel files out of .gitattributes",
    ),
    Rule(
        "file-conflict",
        "A channel file holds no marks of a merge conflict.",
        "Git left both sides in the file, for a person to choose.",
        (
            "<<<<<<< HEAD\n  description: Chat of the shop\n=======\n  description: Chat of the"
            " store\n>>>>>>> renamed"
        ),
        "description: Chat of the shop",
        "keep one side, and delete the lines that git put in",
    ),
)

YAML = (
    Rule(
        "yaml-syntax",
        "The file is YAML.",
        "What cannot be read cannot be checked.",
        "name: Support: second level",
        'name: "Support: second level"',
        "check quotes, brackets, colons and indentation at the place that is shown",
    ),
    Rule(
        "yaml-empty",
        "The file holds a channel.",
        (
            "An empty file is more often an accident than an intention; removing a channel is done by"
            " deleting its file."
        ),
        "# nothing here yet",
        "apiVersion: reconciler/v1",
        "write a channel, or delete the file",
    ),
    Rule(
        "yaml-documents",
        "The file holds one document.",
        "Some readers take the first document and drop the rest without a word.",
        "---",
        "kind: WebchatChannel",
        "give each channel a file of its own",
    ),
    Rule(
        "yaml-top-level",
        "The file is a mapping of fields.",
        "A list or a single value names no fields.",
        "- apiVersion: reconciler/v1",
        "apiVersion: reconciler/v1",
        "begin with apiVersion, kind, metadata and spec",
    ),
    Rule(
        "yaml-depth",
        "Mappings and lists are nested at most 16 deep.",
        (
            "A channel needs five levels. Files of thousands have crashed parsers (YAML loaders raise"
            " RecursionError)."
        ),
        "team: [[[[[[[[[[[[[[[[deep]]]]]]]]]]]]]]]]",
        "team: storefront",
        "nest less",
    ),
    Rule(
        "yaml-nodes",
        "The file holds at most 5,000 keys and values.",
        "A channel needs about fifty; more is an accident or an attack.",
        "",
        "",
        "shorten the file",
    ),
    Rule(
        "yaml-anchor",
        "The file uses no anchors and no aliases.",
        (
            "They make a reviewer jump between lines, and a few hundred bytes of them grow to gigabytes"
            " (the billion laughs attack, CVE-2019-11253 in Kubernetes)."
        ),
        "name: &title Shop Chat\n  description: *title",
        "name: Shop Chat\n  description: Shop Chat",
        "write the value out in each place",
    ),
    Rule(
        "yaml-merge-key",
        "The file uses no merge keys.",
        (
            "YAML 1.2 dropped them: some readers merge, others see a field called <<. Nested ones take"
            " seconds for 700 bytes."
        ),
        "<<: {description: Shop Chat}",
        "description: Shop Chat",
        "write the fields out",
    ),
    Rule(
        "yaml-tag",
        "The file uses no explicit tags.",
        (
            "A tag makes one reader build an object and another drop it; in Python, tags have run code"
            " (CVE-2017-18342)."
        ),
        'name: !!str "2024"',
        'name: "2024"',
        "delete the tag; quotes make text",
    ),
    Rule(
        "yaml-duplicate-key",
        "No mapping holds a key twice.",
        (
            "Readers take the first, or the last, or refuse (YAML 1.2.2, section 3.2.1.1): a second"
            " corsAllowedOrigins can hide from a reviewer what is applied."
        ),
        "description: Chat of the shop\n  description: Chat of the store",
        "description: Chat of the store",
        "keep one of them",
    ),
    Rule(
        "yaml-key",
        "Every key is text to every reader.",
        "To YAML 1.1 a key that reads on, 1 or null is the value true, the number one, or nothing.",
        "on: storefront",
        '"on": storefront',
        "quote the key, if it is meant",
    ),
    Rule(
        "yaml-ambiguous",
        "No unquoted value is read differently by YAML 1.1 and YAML 1.2.",
        (
            "no is false in one and text in the other; 012 is ten or twelve; 12:30 is 750 or text; 1e3 is"
            " text or a thousand (type pages of YAML 1.1; YAML 1.2.2, section 10.3)."
        ),
        "window: 12:30",
        'window: "12:30"',
        "quote it; where a truth value is meant, write true or false",
    ),
    Rule(
        "yaml-number",
        "A number is finite, and short enough for every reader of JSON.",
        (
            "JSON has no infinity and no NaN, and digits beyond 2^53 are lost without a word (RFC 8259,"
            " section 6)."
        ),
        "cost-center: 12345678901234567890",
        'cost-center: "12345678901234567890"',
        "quote it if it is an identifier",
    ),
    Rule(
        "hidden-character",
        "The file holds no character that a reader cannot see.",
        (
            "Bidirectional controls show a line in another order than it is read (Trojan Source,"
            " CVE-2021-42574), zero-width characters make two equal names differ, and escapes rewrite a"
            " terminal."
        ),
        r'description: "Chat\u202e of the shop"',
        "description: Chat of the shop",
        "delete the character, and write plain line breaks and spaces",
    ),
)

SCHEMA = (
    Rule(
        "unknown-kind",
        "kind names a kind of resource that this version knows.",
        "Without the kind there is no schema to check the file against.",
        "kind: WebChatChannel",
        "kind: WebchatChannel",
        "write kind: WebchatChannel",
    ),
    Rule(
        "unknown-version",
        "apiVersion is reconciler/v1.",
        "A file written for another version of the format may mean something else.",
        "apiVersion: reconciler/v2",
        "apiVersion: reconciler/v1",
        "write apiVersion: reconciler/v1",
    ),
    Rule(
        "unknown-field",
        "Every field is one that the schema names.",
        (
            "A misspelt field would be ignored: the setting that it was meant to make would silently not be"
            " made."
        ),
        "webchatID: webchat-instance-1",
        "webchatId: webchat-instance-1",
        "take the name that is suggested, or delete the field",
    ),
    Rule(
        "required-field",
        "Fields that the schema requires are there.",
        (
            "A default that nobody wrote down is a decision that nobody made: a channel without enabled"
            " would go live, or not, by accident."
        ),
        "spec: {name: Shop Chat}",
        "enabled: true",
        "add the field",
    ),
    Rule(
        "wrong-type",
        "Every value has the type that the schema names.",
        'The text "false" counts as true in many languages; what is meant is never guessed.',
        'enabled: "false"',
        "enabled: false",
        (
            "write a value of that type; true and false without quotes, text with them where it looks like"
            " something else"
        ),
    ),
    Rule(
        "wrong-value",
        "Every value has the form that the schema names.",
        "Names are shown in one line of a list, and identifiers become part of addresses.",
        'owner: " storefront"',
        "owner: storefront",
        "write a value of the form that is shown",
    ),
    Rule(
        "wrong-length",
        "Every text is as long as the schema allows.",
        "The remote refuses a longer one in the middle of an apply; here it costs nothing.",
        'name: ""',
        "name: Shop Chat",
        "write a text of the length that is shown",
    ),
    Rule(
        "wrong-count",
        "Every list and mapping has as many entries as the schema allows.",
        (
            "A channel without an allowed origin serves nobody, or, to a remote that reads an empty list as"
            " no limit, everybody."
        ),
        "corsAllowedOrigins: []",
        "corsAllowedOrigins: [https://shop.example.com]",
        "write as many entries as are shown",
    ),
)

NAMES = (
    Rule(
        "name-pattern",
        "metadata.name is 1 to 63 lower-case letters, digits and hyphens, with no hyphen at either end.",
        (
            "The name becomes part of file names, branches and webhook names, where anything else needs"
            " escaping (RFC 1123 labels, as in Kubernetes)."
        ),
        "name: Shop_Chat",
        "name: shop-chat",
        "write the name in lower case, with hyphens between words",
    ),
    Rule(
        "name-matches-file",
        "The file is called as its channel: <metadata.name>.yaml.",
        "A name found in a report leads to its file, and two files cannot claim one channel unseen.",
        "name: store-chat",
        "name: name-matches-file",
        "rename the file, or write its name into metadata.name",
    ),
    Rule(
        "name-unique",
        "metadata.name is there once in the repository.",
        "Records, webhooks and reports know a channel by this name.",
        "name: shop-chat",
        "name: shop-chat-north",
        "rename one of the two channels and its file",
    ),
    Rule(
        "id-uuid",
        "spec.id is a UUID in lower case.",
        (
            "The id becomes part of the address that is written to: ../oauth/clients/1 would be another"
            " resource (RFC 9562, section 4)."
        ),
        "id: ../oauth/clients/1",
        "id: 3f1d6f0a-6f0e-4f7e-9b0a-6d2f8a4c1b01",
        "write a lower-case UUID; uuidgen makes one",
    ),
    Rule(
        "id-unique",
        "spec.id is there once among the channels of a kind.",
        "Two files with one id overwrite each other at every apply.",
        "id: 3f1d6f0a-6f0e-4f7e-9b0a-6d2f8a4c1b01",
        "id: 3f1d6f0a-6f0e-4f7e-9b0a-6d2f8a4c1b02",
        "give one of the two channels another id, or delete its file",
    ),
    Rule(
        "auth-provider",
        "authProviderId names a real provider: visible characters, and not a word that stands for nothing.",
        (
            "A channel whose visitors nobody identifies is open to everybody; none or a blank hides that in"
            " a valid file."
        ),
        'authProviderId: "none"',
        "authProviderId: oauth2-provider-12345",
        "write the id of the OAuth provider that signs the visitors in",
    ),
)

ADDRESS_RISK = 7.0
"""An address that is read as another one opens the chat to somebody else, or sends its events there."""

_BROWSERS = (
    "Browsers send the origin in one exact form (RFC 6454, section 6.2), and the remote compares it letter by"
    " letter"
)

# About, what an origin or URL must be, why, bad, good, way out; said once for both families.
_ADDRESSES = (
    (
        "https",
        "begins with https://",
        (
            "Over http, and any other scheme, whoever is on the way reads and changes the conversation (RFC"
            " 6797)."
        ),
        "http://shop.example.com",
        "https://shop.example.com",
        "write https://",
    ),
    (
        "case",
        "is written in lower case",
        f"{_BROWSERS}: upper case never matches.",
        "https://Shop.example.com",
        "https://shop.example.com",
        "write scheme and host in lower case",
    ),
    (
        "host",
        "names a host of letters, digits and hyphens, in at least two parts of 1 to 63",
        (
            "Names of another form do not exist in DNS (RFC 1123, section 2.1), and parsers read them"
            " differently."
        ),
        "https://shop_one.example.com",
        "https://shop-one.example.com",
        "write the host as it stands in DNS, without a dot at the end",
    ),
    (
        "port",
        "has a port from 1 to 65535 without zeros in front, or none",
        "Parsers do not agree about other ports, and browsers never send them.",
        "https://shop.example.com:08443",
        "https://shop.example.com:8443",
        "write the port as a plain number, or leave it out",
    ),
    (
        "default-port",
        "does not name port 443",
        f"{_BROWSERS}, without the port that https has anyway.",
        "https://shop.example.com:443",
        "https://shop.example.com",
        "leave out :443",
    ),
    (
        "user",
        "holds no user, password or @",
        (
            "https://bank.example@evil.example leads to evil.example, and parsers disagree about the host"
            " where a backslash or a second @ stands (URL standard, section 4.4)."
        ),
        "https://shop.example.com@example.net",
        "https://shop.example.com",
        "leave out everything up to the @",
    ),
    (
        "wildcard",
        "names one host, without a wildcard",
        (
            "A wildcard lets in every site below that name, the forgotten and the taken over too (OWASP,"
            " testing CORS)."
        ),
        '"https://*.example.com"',
        "https://shop.example.com",
        "name each host",
    ),
    (
        "ip-address",
        "names a host, not an IP address in any spelling",
        (
            "Addresses move, certificates rarely name them, and 0x7f.1 or 2130706433 is this machine to a"
            " browser (URL standard, section 3.5)."
        ),
        "https://192.0.2.10",
        "https://10.shop.example.com",
        "name the host; RECONCILER_ALLOW_HOSTS can allow an address for a test",
    ),
    (
        "special-name",
        "names a host that the public DNS can hold",
        (
            "localhost, .local, .internal, .test and their kin mean another machine in every network, or none"
            " (RFC 6761)."
        ),
        "https://shop.localhost",
        "https://localhost.example.com",
        "name a public host; RECONCILER_ALLOW_HOSTS can allow another for a test",
    ),
    (
        "punycode",
        "names an international host only if reconciler.toml allows it",
        (
            "Letters of other scripts look like Latin ones: a domain can look like yours and be somebody"
            " else's (Unicode TR 36)."
        ),
        "https://xn--80ak6aa92e.com",
        "https://xn--bcher-kva.example.com",
        "check the decoded form, then add the host to allow_punycode under [rules] in reconciler.toml",
    ),
)

_ORIGIN_PATH = Rule(
    "origin-path",
    "An origin ends after host and port: no slash, path, query or fragment.",
    f"{_BROWSERS}, without a path: one with a slash at its end never matches.",
    "corsAllowedOrigins: [https://shop.example.com/]",
    "corsAllowedOrigins: [https://shop.example.com]",
    "leave out everything after host and port",
)
_ORIGIN_DUPLICATE = Rule(
    "origin-duplicate",
    "No origin is there twice, however it is spelt.",
    "The list is a set; what is written twice is removed once and still allowed.",
    "corsAllowedOrigins: [https://shop.example.com, https://shop.example.com]",
    "corsAllowedOrigins: [https://shop.example.com, https://shop.example.net]",
    "delete one of them",
)
_URL_PATH = Rule(
    "url-path",
    "After host and port a URL has at most a plain path: letters, digits and ._~- between single slashes.",
    (
        "A query or fragment may carry a secret into git, and dots, escapes and backslashes lead parsers to"
        " different places."
    ),
    "healthWebhook: https://monitor.example.com/hooks?token=secret",
    "healthWebhook: https://monitor.example.com/hooks/webchat",
    "leave out query and fragment, and write the path plainly",
)


def _origin_rule(about: str, what: str, why: str, bad: str, good: str, fix: str) -> Rule:
    field = "corsAllowedOrigins: [{}]".format
    return Rule(f"origin-{about}", f"An origin {what}.", why, field(bad), field(good), fix, risk=ADDRESS_RISK)


def _url_rule(about: str, what: str, why: str, bad: str, good: str, fix: str) -> Rule:
    field = "webchatUrl: {}".format
    # No browser sends these URLs as an origin; what counts is that people and programs compare them.
    reason = (
        "One address has one spelling, so that two of them can be compared by eye."
        if _BROWSERS in why
        else why
    )
    return Rule(f"url-{about}", f"A URL {what}.", reason, field(bad), field(good), fix, risk=ADDRESS_RISK)


_DOMAINS = (
    (
        "scheme",
        "is a host without a scheme",
        "The remote compares it with the host of the page: with https:// in front it never matches.",
        "https://shop.example.com",
        "shop.example.com",
        "write the host alone",
    ),
    (
        "port",
        "is a host without a port",
        "The remote compares hosts: a domain holds for every port, and with one written it never matches.",
        "shop.example.com:8443",
        "shop.example.com",
        "leave out the port",
    ),
    (
        "path",
        "is a host and nothing else",
        "The remote compares hosts: with a path, a user or a query behind or before it it never matches.",
        "shop.example.com/checkout",
        "shop.example.com",
        "leave out everything but the host",
    ),
)


def _domain_rule(about: str, what: str, why: str, bad: str, good: str, fix: str) -> Rule:
    field = "allowedDomains: [{}]".format
    bare = {text: text.replace("https://", "") if about != "scheme" else text for text in (bad, good)}
    reason = (
        "The remote compares it with the host of the page, which browsers write in one form."
        if _BROWSERS in why
        else why
    )
    return Rule(
        f"domain-{about}",
        f"An allowed domain {what}.",
        reason,
        field(bare[bad]),
        field(bare[good]),
        fix,
        risk=ADDRESS_RISK,
    )


_OF_DOMAINS = ("case", "host", "wildcard", "ip-address", "special-name", "punycode")
DOMAINS = (
    *(_domain_rule(*row) for row in _DOMAINS),
    *(_domain_rule(*row) for row in _ADDRESSES if row[0] in _OF_DOMAINS),
    Rule(
        "domain-duplicate",
        "No allowed domain is there twice, however it is spelt.",
        "The list is a set; what is written twice is removed once and still allowed.",
        "allowedDomains: [shop.example.com, shop.example.com]",
        "allowedDomains: [shop.example.com, shop.example.net]",
        "delete one of them",
    ),
    Rule(
        "domain-choice",
        "allowAllDomains: true goes with an empty list of domains, false with at least one.",
        (
            "With both, a reader sees a short list while every website may open the messenger; with neither,"
            " nobody can tell whom the remote lets in."
        ),
        "allowAllDomains: true\n  allowedDomains: [shop.example.com]",
        "allowAllDomains: false\n  allowedDomains: [shop.example.com]",
        "list the domains with allowAllDomains: false, or none with true",
    ),
)

PINS = (
    Rule(
        "configuration-pin",
        "configuration is {ref: NAME}, or {id, version}.",
        "A deployment shows exactly one published version; half a pin, or two of them, leaves open which.",
        'configuration: {ref: shop-messenger, version: "3"}',
        "configuration: {ref: shop-messenger}",
        'write {ref: NAME} with the metadata.name of a configuration file, or {id: UUID, version: "1"}',
    ),
    Rule(
        "reference-unknown",
        "configuration.ref is the metadata.name of a WebMessagingConfiguration in this repository.",
        "A deployment can pin nothing but a configuration that is there; a misspelt name would find out at the remote.",
        "configuration: {ref: shop-mesenger}",
        "configuration: {ref: shop-messenger}",
        "write the metadata.name of a configuration file",
    ),
    Rule(
        "remote-name-unique",
        "Without spec.id, spec.name is there once among the files of a kind.",
        "Such a file means the one object of that name at the remote: two of them would overwrite each other.",
        "name: Shop",
        "name: Shop North",
        "give one of the two another spec.name, or write the spec.id of each",
    ),
)

ORIGINS = (*(_origin_rule(*row) for row in _ADDRESSES), _ORIGIN_PATH, _ORIGIN_DUPLICATE)
URLS = (*(_url_rule(*row) for row in _ADDRESSES), _URL_PATH)

GROUPS: Mapping[str, tuple[Rule, ...]] = {
    "The file": FILES,
    "YAML": YAML,
    "The schema": SCHEMA,
    "Names and ids": NAMES,
    "Origins": ORIGINS,
    "URLs": URLS,
    "Allowed domains": DOMAINS,
    "References": PINS,
    **POLICY,
    **MESSAGING,
    "Approval, waivers and rules of your own": APPROVAL,
}
"""Every rule under the heading that a reader looks for."""
RULES: tuple[Rule, ...] = tuple(rule for group in GROUPS.values() for rule in group)
"""Every rule, in the order in which a file meets them."""
_BY_ID = {rule.id: rule for rule in RULES}


def rule_named(name: str) -> Rule:
    """Give the rule of this id; raises `KeyError` where there is none."""
    return _BY_ID[name]
