"""Requests that have nothing wrong in them, made of the API's document and of what its names mean.

Schemathesis makes up texts, and hardly any of them is a time, a role or a network: alone, it never gets behind what
looks at fields. What is random here is which of the optional members there are, and what they say.
"""

import functools

import requests

import people
from values import ABSENT, KINDS, OWNED, PRESENT, VALUES

DOCUMENT = requests.get(f"{people.BASE}/openapi.json", timeout=30).json()


class Request:
    """The parts of a request, and the places in it that name somebody's things."""

    def __init__(self, rng, owned, known, names_all):
        self.rng = rng
        # Ids by kind.
        self.owned = owned
        # What is right in this request only, by name.
        self.known = known
        # Whether whatever can name a thing does.
        self.names_all = names_all
        # (container, key, kind)
        self.places = []
        self.path, self.query, self.headers, self.body = {}, {}, {}, None

    def of(self, operation):
        """Fills all parts as the operation of the document wants them."""
        definition = DOCUMENT["paths"][operation.path][operation.method]
        for name, kind in path_kinds(operation.path).items():
            if name in self.known:
                self.path[name] = self.known[name]
            else:
                self.name(self.path, name, kind)
        for parameter in definition.get("parameters", []):
            name, place = parameter["name"], parameter["in"]
            if place == "query" and self.is_there(name, parameter.get("required")):
                self.member(self.query, name, parameter["schema"])
            elif (place, name) == ("header", "If-Match"):
                self.headers["If-Match"] = "*"
        body = definition.get("requestBody")
        if body:
            self.body = self.value("", body["content"]["application/json"]["schema"])
        return self

    def name(self, container, key, kind):
        container[key] = self.rng.choice(self.owned[kind])
        self.places.append((container, key, kind))

    def is_there(self, name, is_required):
        if name in ABSENT:
            return False
        if is_required or name in PRESENT or name in self.known:
            return True
        return self.names_all and name in KINDS or self.rng.random() < 0.5

    def member(self, container, name, schema):
        names_one = name in KINDS and name not in self.known
        names_one = names_one and schema_of(schema).get("type") != "array"
        # A role can be named by a word, too.
        if names_one and (name not in VALUES or self.names_all or self.rng.random() < 0.5):
            self.name(container, name, KINDS[name])
        else:
            container[name] = self.value(name, schema)

    def value(self, name, schema):
        schema = schema_of(schema)
        if name in self.known:
            return self.known[name]
        if name in VALUES:
            return VALUES[name](self.rng)
        if "enum" in schema:
            return self.rng.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                made, required = {}, schema.get("required", [])
                for member, its in schema.get("properties", {}).items():
                    if self.is_there(member, member in required):
                        self.member(made, member, its)
                return made
            case "array":
                items = schema_of(schema["items"])
                if name in KINDS and items.get("type") == "string":
                    made = [None]
                    self.name(made, 0, KINDS[name])
                    return made
                return [self.value("", items)]
            case "boolean":
                return self.rng.choice([True, False])
        raise KeyError(f"what is right for `{name}`? Say it in values.py: {schema}")


@functools.cache
def can_name(path, method):
    """Whether a request of the operation can name somebody's things."""
    definition = DOCUMENT["paths"][path][method]
    if any(kind in OWNED for kind in path_kinds(path).values()):
        return True
    if any(parameter["name"] in KINDS for parameter in definition.get("parameters", [])):
        return True
    body = definition.get("requestBody")
    return bool(body) and has_name(body["content"]["application/json"]["schema"])


def has_name(schema):
    schema = schema_of(schema)
    if schema.get("type") == "array":
        return has_name(schema["items"])
    members = schema.get("properties", {})
    return not KINDS.keys().isdisjoint(members) or any(map(has_name, members.values()))


def path_kinds(path):
    """Of what kind each parameter of a path is."""
    parts = path.split("/")
    return {
        part.strip("{}"): before for before, part in zip(parts, parts[1:]) if part.startswith("{")
    }


def schema_of(schema):
    """What a schema says without a reference and without that it may be null."""
    if "$ref" in schema:
        return schema_of(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "oneOf" in schema:
        return schema_of(next(one for one in schema["oneOf"] if one.get("type") != "null"))
    if isinstance(schema.get("type"), list):
        return {**schema, "type": next(one for one in schema["type"] if one != "null")}
    return schema
