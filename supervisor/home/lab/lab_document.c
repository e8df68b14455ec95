#include "home/lab/lab_document.h"

#include "cloudinit/yaml_types.h"

struct source {
    const struct lab *lab;
    const char *text;
    size_t length;
};

/* Of what is no text at all only the offset is known. */
static struct lab_place place_at(const char *text, size_t offset) {
    struct lab_place place = {1, 1};
    for (size_t i = 0; i < offset; i++, place.column++)
        if (text[i] == '\n')
            place = (struct lab_place){place.line + 1, 0};
    return place;
}

static struct lab_place place_of_problem(const yaml_parser_t *parser, const char *text,
                                         size_t length) {
    bool at_context = parser->problem_mark.line == 0 && parser->context_mark.line > 0;
    const yaml_mark_t *mark = at_context ? &parser->context_mark : &parser->problem_mark;
    if (parser->error == YAML_READER_ERROR && parser->problem_offset <= length)
        return place_at(text, parser->problem_offset);
    return (struct lab_place){mark->line + 1, mark->column + 1};
}

static bool is_tab(struct lab_place place, const char *text, size_t length) {
    size_t start = 0;
    for (size_t line = 1; line < place.line && start < length; start++)
        line += text[start] == '\n';
    return start + place.column - 1 < length && text[start + place.column - 1] == '\t';
}

static bool load(yaml_parser_t *parser, yaml_document_t *document, const struct source *source,
                 struct error *error) {
    if (yaml_parser_load(parser, document))
        return true;
    struct lab_place place = place_of_problem(parser, source->text, source->length);
    error_set(error, ERROR_INVALID, "this is not YAML: %s",
              is_tab(place, source->text, source->length)
                  ? "a tab indents this line, where only spaces do"
              : parser->problem ? parser->problem
                                : "it cannot be read");
    return lab_fail_at(source->lab, place, error);
}

/* What would follow is no part of the lab. */
static bool check_last(yaml_parser_t *parser, const struct source *source, struct error *error) {
    yaml_document_t more;
    if (!load(parser, &more, source, error))
        return false;
    const yaml_node_t *root = yaml_document_get_root_node(&more);
    struct lab_place place = {0, 0};
    if (root)
        place = (struct lab_place){root->start_mark.line + 1, root->start_mark.column + 1};
    yaml_document_delete(&more);
    if (!root)
        return true;
    error_set(error, ERROR_INVALID, "a second document stands here: a lab file is one");
    return lab_fail_at(source->lab, place, error);
}

static bool load_one(yaml_parser_t *parser, const struct source *source, yaml_document_t *document,
                     struct error *error) {
    if (!load(parser, document, source, error))
        return false;
    if (!yaml_document_get_root_node(document))
        error_set(error, ERROR_INVALID, "%s: there is nothing in it", source->lab->path);
    else if (check_last(parser, source, error))
        return true;
    yaml_document_delete(document);
    return false;
}

bool lab_document_load(const struct lab *lab, const char *text, size_t length,
                       yaml_document_t *document, struct error *error) {
    const struct source source = {lab, text, length};
    yaml_parser_t parser;
    yaml_mark_t mark;
    if (!yaml_types_find_depth(text, length, &mark, error))
        return lab_fail_at(lab, (struct lab_place){mark.line + 1, mark.column + 1}, error);
    if (!yaml_parser_initialize(&parser))
        return error_set(error, ERROR_FAILED, "out of memory");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    bool good = load_one(&parser, &source, document, error);
    yaml_parser_delete(&parser);
    return good;
}
