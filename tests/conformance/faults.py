"""Does a refusal name the fault that the suite names?

    "expected field name `a`, found `b`"   ->   field 0 of import "x" is named "b" in …, but named "a" in …

One row for each kind of message of the suite: a pattern of it, and one of meld's words for the same fault, in which {0},
{1}, … are what the first pattern's groups matched. The first row whose pattern matches the whole message counts. A
message without a row is a failure too, so that the table is complete.

Provides  same_fault.
"""

import re


def missing(sort):
    return rf"there is no {sort} \d+: \d+ (is|are) defined before this"


UNNAMED = r"the {0} \"[^\"]*\" is not valid to be {1}ed: .* has no external name here"

FAULTS = [
    # Form
    (r"", r"the input (is empty|is not WebAssembly|ends inside|has version|is neither|is a core module)"),
    (r"unexpected end-of-file", r"unexpected end where|should have \d+ bytes, but only|more than the \d+ bytes that are left"),
    (r"malformed UTF-8 encoding", r"is not valid UTF-8"),
    (r"malformed section id", r"the section id cannot be 0x"),
    (r"integer too large", r"is not a LEB128 number of at most 32 bits"),
    (r"invalid boolean value", r"flag cannot be 0x02"),
    (r"invalid leading byte", r"unknown composite type 0x01"),
    (r"invalid leading byte \(0x0\) for component external kind", r"a core func cannot be imported or exported"),
    (r"invalid leading byte \(0x1\) for component outer alias kind", r"an outer alias cannot be of sort func"),
    (r"invalid leading byte \(0x5\) for component outer alias kind", r"cannot be (0x05|of sort instance)"),
    (r"invalid leading byte \(0x([0-9a-f]+)\) for .*", r"cannot be 0x0?{0}$"),
    (r"expected a version header for a component", r"is a core module, not a component"),
    (r"expected a version header for a module", r"this is not a core module of version 1"),
    (r"unknown binary version", r"has version 0x0c of the component format"),
    (r"section out of order", r"section comes twice or out of order"),
    (r"duplicate 'implements' option in name", r"the attribute `implements` is given twice"),
    # Indices
    (r"unknown module|module index out of bounds", missing("core module")),
    (r"unknown component", missing("component")),
    (r"unknown tag 0: tag index out of bounds", missing("core tag")),
    (r"(type|instance|memory) index out of bounds", missing(r"(core )?{0}")),
    (r"function index out of bounds", missing("core func")),
    (r"index out of bounds", missing(r"[a-z ]+")),
    (r"invalid outer alias count( of \d+)?", r"an outer alias has a count of \d+, but the number of scopes around it is"),
    (r"(core )?instance 0 has no export named `(.*)`", r"instance 0( \(\S+\))? has no export named \"{1}\""),
    (r"no export named `(.*)`", r"has no export named \"{0}\""),
    (r"is not a module", r"it is aliased as a core module"),
    (r"export `f` for core instance 0 is not a tag", r"the export \"f\" of core instance 0 .* is a core func, not a core tag"),
    # Types
    (r"type index 0 is not an? (defined|function|instance|resource) type", r"type 0.* is an? .*; an? {0} .*is needed here"),
    (r"not an? (function|resource) type", r"is an? .*; a {0} type is needed here"),
    (r"core type index 0 is not a module type", r"core type 0.* is not a module type"),
    (r"(record|variant|tuple) type must have at least one .*", r"the {0} type is empty"),
    (r"enum type must have at least one variant", r"the enum type is empty"),
    (r"flags must have at least one entry", r"the flags type is empty"),
    (r"cannot have more than 32 flags", r"at most 32 are allowed"),
    (r"enum tag name cannot be empty", r"the enum case name is empty"),
    (r"(.*) name cannot be empty", r"the {0} name is empty"),
    (r"enum tag name `(.*)` is not in kebab case", r"the enum case name \"{0}\" is not in kebab case"),
    (r"(record field|variant case|function parameter) name `(.*)` is not in kebab case", r"the {0} name \"{1}\" is not in kebab case"),
    (r"exceeds maximum byte size", r"exceeds the maximum byte size"),
    (r"`stream<char>` is not valid|is not valid at this time", r"a stream of char is not valid"),
    (r"function result cannot contain a `borrow` type", r"the result of a function can't contain a borrow"),
    (r"resources can only be defined within a concrete component", r"a resource can be defined in a component alone"),
    (r"wrong signature for a destructor", r"has the wrong signature for a destructor"),
    (r"not a local resource", r"is not a local resource"),
    # Core modules
    (r"duplicate import name `(.*):(.*)`", r"the core import \"{0}\" \"{1}\" is a duplicate"),
    (r"(?:export )?name `(.*)` already defined", r"the core export \"{0}\" is already defined"),
    (r"memory size must be at most", r"a core memory's size must be at most|the memory has a size of \d+, but may have"),
    (r"type mismatch", r"type mismatch|is on the stack|expected"),
    # Names
    (r"enum tag name `(.*)` conflicts with previous tag name `(.*)`", r"the enum case name \"{0}\" conflicts with \"{1}\""),
    (r".* name `(.*)` conflicts with previous (?:.* )?name `(.*)`", r"name \"{0}\" conflicts with \"{1}\" before it"),
    (r"conflicts with previous name", r"conflicts with \"[^\"]*\" before it"),
    (r"`(.*)` is not in kebab case", r"\"{0}\" is not in (lower )?kebab case"),
    (r"(?:is )?not in kebab case", r"is not in (lower )?kebab case"),
    (r"is not a valid extern name", r"is not a valid extern name"),
    (r"not a valid name", r"the implements name \"\" is not a valid"),
    (r"must be an interface", r"which must be an interface name"),
    (r"name `(.*)` is not valid with `implements`", r"the name \"{0}\" is not valid with implements"),
    (r"only instances.*", r"only instances can have implements"),
    (r"expected `/` after package name", r"a \"/\" was expected after the package name"),
    (r"trailing characters found: `(.*)`", r"there is more after the interface, \"{0}\""),
    (r"empty string", r"the version \"\" is empty"),
    (r"empty identifier segment", r"has an empty identifier"),
    (r"unexpected character '\.'|unexpected end of input", r"ends or has a \".\" where a number has to be"),
    (r"unexpected character '.'", r"has a character where a digit has to be"),
    (r"failed to find `.` character", r"there is no \".\" between the resource and its function"),
    (r"function does not match expected resource name `(.*)`", r"does not match the resource .*its type is of the resource \"{0}\""),
    (r"does not match expected resource name", r"the function does not match the resource"),
    (r"function should return `\(own \$T\)`.*|should return `\(own \$T\)`", r"a constructor should return \(own \$T\)"),
    (r"should return one value", r"should return one value"),
    (r"is not a func", r"the item is not a func but an instance"),
    (r"resource used in function does not have a name in this context", r"the resource used in the function does not have a name"),
    (r"should have a first argument called `self`", r"should be called \"self\""),
    (r"should have at least one argument", r"should have at least one parameter"),
    (r"should take a first argument of `\(borrow \$T\)`", r"should be of type \(borrow \$T\)"),
    (r"static resource name is not known in this context", r"the resource \"a\" of the static function is not known"),
    # Visibility
    (r"(func|type|instance) not valid to be used as (import|export)", UNNAMED),
    (r"transitively refers to resources", r"can't be aliased in a nested component, since it refers to the resource"),
    (r"may only refer to types or instances", r"an alias in a component or instance type can be of a type or instance"),
    # Instantiation
    (r"ascribed type of export is not compatible", r"the ascribed type of the export .* is not compatible"),
    (r"duplicate module instantiation argument named `(.*)`", r"the module instantiation argument named \"{0}\" is a duplicate"),
    (r"instantiation argument `(.*)` conflicts with previous argument .*", r"the instantiation argument \"{0}\" conflicts"),
    (r"missing module instantiation argument", r"there is no module instantiation argument named"),
    (r"does not export an item named `(.*)`", r"does not export an item named \"{0}\""),
    (r"missing import named `(.*)`", r"asks for an import named \"{0}\", which is missing"),
    (r"missing expected export `(.*)`", r"has no export \"{0}\" in the arguments"),
    (r"missing expected import `(.*)::(.*)`", r"imports \"{0}\" \"{1}\" in the arguments, which is no import"),
    (r"expected (\d+) parameters, found (\d+)", r"has {1} parameters? in .*, but {0} in"),
    (r"expected (\d+) (?:cases|fields|types), found (\d+)", r"has {1} (cases|fields)? in .*, but {0} in"),
    (r"expected a result, found none", r"the result of .* is string in the arguments, but without a type"),
    (r"expected case `(.*)` to have a type, found none", r"case \"{0}\" of .* is without a type in the arguments"),
    (r"expected case `(.*)` to have no type", r"case \"{0}\" of .* is \S+ in the arguments, but without a type"),
    (r"expected (?:case|field|parameter) (?:name|named) `(.*)`, found `(.*)`", r"is named \"{1}\" in .*, but named \"{0}\" in"),
    (r"expected (ok|err) type to not be present", r"the {0}(or)? case of .* is \S+ in the arguments, but without a type"),
    (r"expected (ok|err) type, but found none", r"the {0}(or)? case of .* is without a type in the arguments"),
    (r"expected primitive `(.*)` found primitive `(.*)`", r"is {1} in .*, but {0} in"),
    (r"expected primitive, found (.*)", r"is {0} in the arguments, but \S+ in"),
    (r"expected defined type, found resource", r"is a resource type in .*, but a defined value type in"),
    (r"expected resource, found defined type", r"is a defined value type in .*, but a resource type in"),
    (r"expected global type (\S+), found (\S+)", r"is global {1} in .*, but global {0} in"),
    (r"expected table element type funcref, found externref", r"\(ref null extern\) in .*\(ref null func\) in"),
    (r"expected (global), found (func)", r"is {1} .* in the arguments, but {0} "),
    (r"expected: \(func\)", r"is func \[.*\] in the arguments, but func \[\] -> \[\] in the module"),
    (r"expected (\S+), found (\S+)", r"is (an? )?{1}( \"\S+\")? in the arguments, but (an? )?{0}( \"\S+\")? in"),
    (r"mismatch in (?:enum|flags) elements", r"(case|flag) \d+ of .* is named \"x\" in .*, but named \"a\" in"),
    (r"mismatch in (memory|table) limits", r"is {0} .*: the limits do not match"),
    (r"mismatch in the shared flag for memories", r"is memory .*: the shared flag differs"),
    (r"resource types are not the same", r"the resource types are not the same"),
    (r"type mismatch in (ok|err) variant", r"the {0}(or)? case of .* is \S+ in .*, but \S+ in"),
    (r"type mismatch in export `(.*)`", r"export \"{0}\" of .* is .* in the arguments, but .* in"),
    (r"type mismatch in import `::(.*)`", r"the item \"{0}\" of import \"\" of .* is"),
    (r"type mismatch in instance export `(.*)`", r"export \"{0}\" of .* is"),
    (r"type mismatch in function parameter `(.*)`", r"parameter \"{0}\" of .* is"),
    (r"type mismatch in (record|tuple) field `?(\w+)`?", r"field \"?{1}\"? of .* is"),
    (r"type mismatch in variant case `(.*)`", r"case \"{0}\" of .* is"),
    (r"type mismatch with result type", r"the result of .* is"),
    # Canonical functions
    (r"canonical encoding option `(.*)` conflicts with option `(.*)`", r"`string-encoding=.*` conflicts with `string-encoding={0}`"),
    (r"(?:canonical option )?`(.*)` is specified more than once", r"the canonical option `{0}` is given twice"),
    (r"canonical option `(.*)` is required", r"the canonical option {0} is required"),
    (r"canonical option `realloc` requires `memory` to also be specified", r"realloc requires the option memory"),
    (r"canonical option `(.*)` cannot be specified for lowerings", r"the canonical option {0} cannot be given for lower"),
    (r"canonical option `(.*)` uses a core function with an incorrect signature", r"{0} uses a core function with an incorrect signature"),
    (r"lowered (parameter|result) types .*", r"the lowered {0} types of the function, .* do not match"),
    (r"the `async` canonical option requires an async function type", r"async requires an async function type"),
]


def same_fault(expected, got):
    """Empty, or why the message `got` is not about the fault of the suite's message `expected`."""
    for theirs, ours in FAULTS:
        match = re.fullmatch(theirs, expected)
        if not match:
            continue
        pattern = re.sub(r"\{(\d)\}", lambda group: re.escape(match.group(int(group.group(1)) + 1)), ours)
        return "" if re.search(pattern, got) else f"{expected!r} is not what this says: {got}"
    return f"faults.py has no row for {expected!r}"
