"""The rules that a file must keep before anybody looks at what it says. Part of the one table in `catalogue`."""

from __future__ import annotations

from reconciler.desired.rule import Rule

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
        "overlay-target",
        "An overlay file has the name of one channel file, which no other file of its folder has.",
        (
            "A patch that changes nothing, because its name is misspelt, leaves an organisation with the"
            " values of all others, and nobody is told."
        ),
        "",
        "",
        "call it as the channel file that it changes, or delete it",
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
