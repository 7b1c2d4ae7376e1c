"""The rules of the schemas, of names and of references. Part of the one table in `catalogue`."""

from __future__ import annotations

from reconciler.desired.rule import Rule

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
