#include "document_check.h"

#include "base/alloc.h"
#include "base/text_form.h"
#include "cloudinit/document_kind.h"
#include "cloudinit/yaml_types.h"
#include "cloudinit/yaml_writer.h"

#include <string.h>
#include <yaml.h>

#define ID_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"

/* --- YAML --- */

typedef bool validate_function(yaml_document_t *document, yaml_node_t *root, void *context,
                               struct error *error);

/* A blank that is none, in the line of the problem or the one above it, is its cause. */
static bool blame_blank(const yaml_parser_t *parser, struct error *error) {
    const char *text = (const char *)parser->input.string.start;
    const char *end = (const char *)parser->input.string.end;
    size_t last = parser->problem_mark.line;
    for (size_t line = 0; text < end && line <= last; text++) {
        if (line + 1 >= last && text_form_invisible(text, (size_t)(end - text))) {
            scoped(alloc_release) char *name = text_form_name(text, (size_t)(end - text));
            return error_set(error, ERROR_INVALID,
                             "line %zu: %s, where YAML has only blanks: replace it", line + 1,
                             name);
        }
        line += *text == '\n';
    }
    return true;
}

static bool explain(const yaml_parser_t *parser, struct error *error) {
    const char *problem = parser->problem ? parser->problem : "it cannot be parsed";
    if (parser->error == YAML_READER_ERROR)
        return error_set(error, ERROR_INVALID, "byte %zu: %s", parser->problem_offset, problem);
    return blame_blank(parser, error) &&
           error_set(error, ERROR_INVALID, "line %zu, column %zu: %s",
                     parser->problem_mark.line + 1, parser->problem_mark.column + 1, problem);
}

static bool load(yaml_parser_t *parser, yaml_document_t *document, struct error *error) {
    return yaml_parser_load(parser, document) || explain(parser, error);
}

/* A byte position in a text. YAML marks count characters. */
struct position {
    const char *text, *end;
    size_t characters;
};

static const char *seek(struct position *position, size_t characters) {
    while (position->characters < characters && position->text < position->end) {
        position->text++;
        while (position->text < position->end && (*position->text & 0xC0) == 0x80)
            position->text++;
        position->characters++;
    }
    return position->text;
}

/* Between two tokens only a comment may hold a tab. */
static bool has_tab_between(const char *from, const char *to) {
    for (bool comment = false; from < to; from++) {
        if (*from == '\t' && !comment)
            return true;
        comment = (*from == '#' || comment) && *from != '\n';
    }
    return false;
}

/* A blank that is none makes one word of what was meant to be several: "- a", "key: value". */
static bool check_blanks(const char *start, const char *end, size_t line, struct error *error) {
    for (const char *at = start; at < end; at++) {
        size_t left = (size_t)(end - at), bytes = text_form_invisible(at, left);
        bool inside = at > start && at + bytes < end && !strchr(":-\n ", at[-1]);
        if (!bytes || inside)
            continue;
        scoped(alloc_release) char *name = text_form_name(at, left);
        return error_set(error, ERROR_INVALID,
                         "line %zu: %s, where YAML has only blanks: replace it", line, name);
    }
    return true;
}

/* PyYAML rejects a tab outside of quotes, block scalars and comments; libyaml accepts it. */
static bool check_tabs(const char *text, size_t length, struct error *error) {
    yaml_parser_t parser;
    yaml_token_t token;
    struct position position = {text, text + length, 0};
    bool good = true, more = true;
    if (!yaml_parser_initialize(&parser))
        return error_set(error, ERROR_FAILED, "no memory to parse it");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    while (good && more && yaml_parser_scan(&parser, &token)) {
        const char *before = position.text, *start = seek(&position, token.start_mark.index);
        const char *end = seek(&position, token.end_mark.index);
        bool plain =
            token.type == YAML_SCALAR_TOKEN && token.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        if (has_tab_between(before, start) || (plain && memchr(start, '\t', (size_t)(end - start))))
            good = error_set(error, ERROR_INVALID,
                             "line %zu: a tab, where cloud-init accepts only spaces",
                             token.start_mark.line + 1);
        good = good && (!plain || check_blanks(start, end, token.start_mark.line + 1, error));
        more = token.type != YAML_STREAM_END_TOKEN;
        yaml_token_delete(&token);
    }
    yaml_parser_delete(&parser);
    return good;
}

static bool is_last(yaml_parser_t *parser, struct error *error) {
    yaml_document_t document;
    if (!load(parser, &document, error))
        return false;
    bool last = yaml_document_get_root_node(&document) == NULL;
    yaml_document_delete(&document);
    return last || error_set(error, ERROR_INVALID, "line %zu: a second document begins",
                             parser->mark.line + 1);
}

/* validate gets a NULL root for a text without content. */
static bool read_yaml(const char *text, size_t length, validate_function *validate, void *context,
                      struct error *error) {
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_types_check_depth(text, length, error))
        return false;
    if (!yaml_parser_initialize(&parser))
        return error_set(error, ERROR_FAILED, "no memory to parse it");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    bool good = load(&parser, &document, error);
    if (good) {
        yaml_node_t *root = yaml_document_get_root_node(&document);
        good = (!root || is_last(&parser, error)) &&
               yaml_types_check(&document, text, length, error) &&
               check_tabs(text, length, error) && validate(&document, root, context, error);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return good;
}

static const char *scalar_of(const yaml_node_t *node) {
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static bool validate_anything(yaml_document_t *document, yaml_node_t *root, void *context,
                              struct error *error) {
    (void)document, (void)root, (void)context, (void)error;
    return true;
}

static bool validate_mapping(yaml_document_t *document, yaml_node_t *root, void *context,
                             struct error *error) {
    const char *scalar = scalar_of(root);
    (void)document, (void)context;
    return !root || root->type == YAML_MAPPING_NODE || (scalar && !scalar[0]) ||
           error_set(error, ERROR_INVALID, "line %zu: \"key: value\" is expected",
                     root->start_mark.line + 1);
}

/* The last value of a repeated key counts, as in PyYAML. */
static yaml_node_t *find_value(yaml_document_t *document, const yaml_node_t *mapping,
                               const char *key) {
    yaml_node_t *found = NULL;
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        const char *name = scalar_of(yaml_document_get_node(document, pair->key));
        if (name && strcmp(name, key) == 0)
            found = yaml_document_get_node(document, pair->value);
    }
    return found;
}

/* cloud-init reads a bare 0123 as the number 83. */
static bool validate_instance_id(yaml_document_t *document, yaml_node_t *root, void *context,
                                 struct error *error) {
    char *id = context;
    bool mapping = root && root->type == YAML_MAPPING_NODE;
    const yaml_node_t *node = mapping ? find_value(document, root, "instance-id") : NULL;
    const char *value = scalar_of(node);
    if (!value)
        return error_set(error, ERROR_INVALID, "it has no instance-id");
    size_t length = node->data.scalar.length; /* a NUL may be in it */
    if (length == 0 || length >= DOCUMENT_CHECK_ID_SIZE || strspn(value, ID_CHARACTERS) != length)
        return error_set(error, ERROR_INVALID,
                         "line %zu: an instance-id is 1 to %u lower-case letters, digits and '-'",
                         node->start_mark.line + 1, DOCUMENT_CHECK_ID_SIZE - 1);
    if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !yaml_writer_is_plain(value))
        return error_set(error, ERROR_INVALID,
                         "line %zu: this instance-id must be quoted, or it is read as a number",
                         node->start_mark.line + 1);
    memcpy(id, value, length + 1);
    return true;
}

bool document_check_instance_id(const char *text, size_t length, char id[DOCUMENT_CHECK_ID_SIZE],
                                struct error *error) {
    return read_yaml(text, length, validate_instance_id, id, error);
}

/* --- user-data and vendor-data --- */

/* cloud-init: handlers/__init__.py, INCLUSION_TYPES_MAP; the longer ones of two come first. */
static const struct {
    const char *first_word;
    validate_function *validate; /* NULL: not YAML */
} kinds[] = {
    {"#cloud-config-archive", validate_anything},
    {"#cloud-config-jsonp", NULL},
    {"#cloud-config", validate_mapping},
    {"#!", NULL},
    {"#include", NULL},
    {"#cloud-boothook", NULL},
    {"#part-handler", NULL},
    {"#upstart-job", NULL},
    {"## template: jinja", NULL},
};

static bool check_config(const char *text, size_t length, struct error *error) {
    size_t start = document_kind_start(text, length);
    if (start == length || document_kind_is_gzip(text, length) ||
        document_kind_is_mime(text, length))
        return true;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (document_kind_begins(text, length, kinds[i].first_word))
            return !kinds[i].validate || read_yaml(text, length, kinds[i].validate, NULL, error);
    return error_set(error, ERROR_INVALID,
                     "line 1: a document must begin with its kind: #cloud-config, #!, #include …");
}

/* --- all four --- */

/* cloud-init knows a document by its first characters, and passes it over if others precede them.
 */
static bool check_form(enum seed_document document, const char *text, size_t length,
                       struct error *error) {
    bool by_first_word = document == SEED_USER_DATA || document == SEED_VENDOR_DATA;
    size_t start = document_kind_start(text, length), left = length - start;
    if (document_kind_is_gzip(text, length))
        return true;
    if (!text_form_check_no_bom(text, length, error))
        return false;
    if (!text_form_invisible(text + start, left) &&
        !(by_first_word && text_form_quote(text + start, left)))
        return true;
    scoped(alloc_release) char *name = text_form_name(text + start, left);
    return error_set(error, ERROR_INVALID, "it begins with %s: remove it", name);
}

bool document_check(enum seed_document document, const char *text, size_t length,
                    struct error *error) {
    char id[DOCUMENT_CHECK_ID_SIZE];
    if (!check_form(document, text, length, error))
        return false;
    switch (document) {
    case SEED_META_DATA: return document_check_instance_id(text, length, id, error);
    case SEED_NETWORK_CONFIG: return read_yaml(text, length, validate_mapping, NULL, error);
    case SEED_USER_DATA:
    case SEED_VENDOR_DATA: return check_config(text, length, error);
    case SEED_DOCUMENT_COUNT: break;
    }
    return true;
}
