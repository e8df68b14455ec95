#include "home/images/catalogue.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "base/text_form.h"
#include "cloudinit/yaml_types.h"
#include "home/images/catalogue_text.h"
#include "home/images/newest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#define BUILT_IN         "images.yaml (built in)"
#define MIB              (UINT64_C(1) << 20)
#define VALUE_MAX        1000
#define SHOWN_MAX        60
#define IMAGES_MAX       1000
#define SHA256_DIGITS    64
#define HEX_CHARACTERS   "0123456789abcdefABCDEF"
#define SHELL_MAX        100
#define SHELL_CHARACTERS "/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

/* --- what a value may be: NULL, or what it should be --- */

typedef const char *set_function(void *target, const char *value);

bool catalogue_is_seed_source(const char *word) {
    return strcmp(word, "nocloud") == 0 || strcmp(word, "nocloud-net") == 0 ||
           strcmp(word, "none") == 0 || strcmp(word, "nuageinit") == 0;
}

bool catalogue_is_shell(const char *path) {
    size_t length = strlen(path);
    return path[0] == '/' && length <= SHELL_MAX && strspn(path, SHELL_CHARACTERS) == length;
}

bool catalogue_is_url(const char *text) {
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

bool catalogue_is_sha256(const char *text) {
    return strlen(text) == SHA256_DIGITS && strspn(text, HEX_CHARACTERS) == SHA256_DIGITS;
}

static const struct {
    const char *word;
    bool is_raw;
    enum catalogue_packing packing;
} formats[] = {
    {"qcow2", false, CATALOGUE_PLAIN},    {"raw", true, CATALOGUE_PLAIN},
    {"qcow2.xz", false, CATALOGUE_XZ},    {"raw.xz", true, CATALOGUE_XZ},
    {"qcow2.zst", false, CATALOGUE_ZSTD}, {"raw.zst", true, CATALOGUE_ZSTD},
};
#define FORMAT_COUNT (sizeof formats / sizeof *formats)

bool catalogue_parse_format(const char *word, struct catalogue_image *image) {
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(word, formats[i].word) == 0) {
            image->is_raw = formats[i].is_raw;
            image->packing = formats[i].packing;
            return true;
        }
    return false;
}

const char *catalogue_format_word(const struct catalogue_image *image) {
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (formats[i].is_raw == image->is_raw && formats[i].packing == image->packing)
            return formats[i].word;
    return formats[0].word;
}

static const char *set_text(char **slot, const char *value) {
    for (const char *at = value; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            return "use one line without control characters";
    if (!*value)
        return "it must not be empty";
    alloc_replace(slot, alloc_string(value));
    return NULL;
}

static const char *set_title(void *image, const char *value) {
    return set_text(&((struct catalogue_image *)image)->title, value);
}

static const char *set_user(void *image, const char *value) {
    return set_text(&((struct catalogue_image *)image)->user, value);
}

static const char *set_seed_source(void *image, const char *value) {
    if (!catalogue_is_seed_source(value))
        return "use nocloud, nocloud-net, none or nuageinit";
    return set_text(&((struct catalogue_image *)image)->seed_source, value);
}

static const char *set_shell(void *image, const char *value) {
    return catalogue_is_shell(value) ? set_text(&((struct catalogue_image *)image)->shell, value)
                                     : "use a path such as /bin/sh";
}

static const char *set_phones_home(void *image, const char *value) {
    ((struct catalogue_image *)image)->phones_home = strcmp(value, "yes") == 0;
    return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0 ? NULL : "use yes or no";
}

static const char *set_min_disk(void *image, const char *value) {
    return name_parse_size(value, &((struct catalogue_image *)image)->min_disk_bytes)
               ? NULL
               : "use a size such as 4G";
}

static const char *set_min_ram(void *image, const char *value) {
    uint64_t bytes;
    if (!name_parse_size(value, &bytes) || bytes % MIB != 0)
        return "use a size such as 512M";
    ((struct catalogue_image *)image)->min_ram_mib = bytes / MIB;
    return NULL;
}

static const char *set_format(void *image, const char *value) {
    return catalogue_parse_format(value, image)
               ? NULL
               : "use qcow2, raw, qcow2.xz, raw.xz, qcow2.zst or raw.zst";
}

static const char *set_digest(void *image, const char *value) {
    bool is_512 = strcmp(value, "sha512") == 0;
    ((struct catalogue_image *)image)->digest = is_512 ? CATALOGUE_SHA512 : CATALOGUE_SHA256;
    return is_512 || strcmp(value, "sha256") == 0 ? NULL : "use sha256 or sha512";
}

/* Every form is read, whatever is named: kept for images.yaml files that name one. */
static const char *check_form(void *image, const char *value) {
    (void)image;
    bool known =
        strcmp(value, "gnu") == 0 || strcmp(value, "bsd") == 0 || strcmp(value, "bare") == 0;
    return known ? NULL : "use gnu, bsd or bare";
}

static const char *set_address(char **slot, const char *value) {
    return catalogue_is_url(value) ? set_text(slot, value)
                                   : "it must begin with https:// or http://";
}

static const char *set_url(void *file, const char *value) {
    return set_address(&((struct catalogue_file *)file)->url, value);
}

static const char *set_listing(void *file, const char *value) {
    return set_address(&((struct catalogue_file *)file)->listing, value);
}

static const char *set_checksums(void *file, const char *value) {
    return set_address(&((struct catalogue_file *)file)->checksums, value);
}

static const char *set_sha256(void *file, const char *value) {
    return catalogue_is_sha256(value) ? set_text(&((struct catalogue_file *)file)->sha256, value)
                                      : "use 64 hexadecimal digits";
}

/* --- YAML --- */

struct key {
    const char *name;
    set_function *set; /* NULL: a mapping of its own */
    bool required;
};

static const struct key image_keys[] = {
    {"title", set_title, true},
    {"user", set_user, false},
    {"seed-source", set_seed_source, true},
    {"shell", set_shell, false},
    {"phones-home", set_phones_home, false},
    {"min-disk", set_min_disk, false},
    {"min-ram", set_min_ram, false},
    {"format", set_format, true},
    {"digest", set_digest, false},
    {"checksum-form", check_form, false},
    {"aarch64", NULL, false},
    {"x86_64", NULL, false},
    {0},
};
static const struct key file_keys[] = {
    {"url", set_url, true},
    {"listing", set_listing, false},
    {"checksums", set_checksums, false},
    {"sha256", set_sha256, false},
    {0},
};
#define KEYS_MAX 16

struct reader {
    const char *file;
    yaml_document_t *document;
    struct catalogue *catalogue;
};

__attribute__((format(printf, 4, 5))) static bool fail_at(const struct reader *reader,
                                                          const yaml_node_t *node,
                                                          struct error *error, const char *format,
                                                          ...) {
    scoped(buffer_done) struct buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    return error_set(error, ERROR_INVALID, "%s:%zu: %s", reader->file, node->start_mark.line + 1,
                     text.data);
}

static char *show(const char *text) { /* caller frees */
    return name_printable(text, strlen(text), SHOWN_MAX);
}

/* NULL unless it is a single value without a NUL in it. */
static const char *scalar(const yaml_node_t *node) {
    const char *text = node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
    return node->type == YAML_SCALAR_NODE && strlen(text) == node->data.scalar.length &&
                   node->data.scalar.length <= VALUE_MAX
               ? text
               : NULL;
}

static bool read_value(const struct reader *reader, const struct key *key, const yaml_node_t *node,
                       void *target, struct error *error) {
    const char *value = scalar(node);
    if (!value)
        return fail_at(reader, node, error, "\"%s\" must have one short value", key->name);
    const char *advice = key->set(target, value);
    scoped(alloc_release) char *shown = show(value);
    return !advice ||
           fail_at(reader, node, error, "%s \"%s\" cannot be used: %s", key->name, shown, advice);
}

static bool read_file(const struct reader *reader, const yaml_node_t *node,
                      struct catalogue_file *file, struct error *error);

static bool read_pair(const struct reader *reader, const struct key *key, const yaml_node_t *node,
                      void *target, struct error *error) {
    enum spec_arch arch;
    if (key->set)
        return read_value(reader, key, node, target, error);
    spec_arch_from_word(key->name, &arch);
    return read_file(reader, node, &((struct catalogue_image *)target)->files[arch], error);
}

static const struct key *find_key(const struct key *keys, const char *name) {
    for (const struct key *key = keys; name && key->name; key++)
        if (strcmp(key->name, name) == 0)
            return key;
    return NULL;
}

static bool check_required(const struct reader *reader, const struct key *keys, const bool *seen,
                           const yaml_node_t *node, struct error *error) {
    for (size_t i = 0; keys[i].name; i++)
        if (keys[i].required && !seen[i])
            return fail_at(reader, node, error, "\"%s\" is missing", keys[i].name);
    return true;
}

static bool read_mapping(const struct reader *reader, const struct key *keys,
                         const yaml_node_t *node, void *target, struct error *error) {
    bool seen[KEYS_MAX] = {false};
    if (node->type != YAML_MAPPING_NODE)
        return fail_at(reader, node, error, "expected \"key: value\" lines");
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(reader->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(reader->document, pair->value);
        const struct key *key = find_key(keys, scalar(name));
        scoped(alloc_release) char *shown = show(scalar(name) ? scalar(name) : "?");
        if (!key)
            return fail_at(reader, name, error, "\"%s\" is not a known key", shown);
        if (seen[key - keys])
            return fail_at(reader, name, error, "\"%s\" occurs twice", shown);
        seen[key - keys] = true;
        if (!read_pair(reader, key, value, target, error))
            return false;
    }
    return check_required(reader, keys, seen, node, error);
}

/* A pattern needs a listing, a listing a pattern, and what changes has no fixed digest. */
static bool check_pattern(const struct reader *reader, const yaml_node_t *node,
                          const struct catalogue_file *file, struct error *error) {
    bool pattern = newest_is_pattern(file->url);
    const char *advice = pattern ? newest_check(file->url) : NULL;
    if (advice)
        return fail_at(reader, node, error, "%s", advice);
    if (!pattern && file->checksums && newest_is_pattern(file->checksums))
        return fail_at(reader, node, error, "\"*\" in \"checksums\" needs one in \"url\"");
    if (pattern != (file->listing != NULL))
        return fail_at(reader, node, error,
                       pattern ? "an address with \"*\" needs a \"listing\""
                               : "\"listing\" is for an address with \"*\"");
    return !pattern || file->checksums ||
           fail_at(reader, node, error,
                   "an address with \"*\" needs \"checksums\", not \"sha256\"");
}

static bool read_file(const struct reader *reader, const yaml_node_t *node,
                      struct catalogue_file *file, struct error *error) {
    if (!read_mapping(reader, file_keys, node, file, error))
        return false;
    if (!file->checksums == !file->sha256)
        return fail_at(reader, node, error, "give either \"checksums\" or \"sha256\"");
    return check_pattern(reader, node, file, error);
}

static void image_done(struct catalogue_image *image) {
    free(image->name);
    free(image->title);
    free(image->user);
    free(image->seed_source);
    free(image->shell);
    for (int arch = 0; arch < CATALOGUE_ARCH_COUNT; arch++) {
        free(image->files[arch].url);
        free(image->files[arch].listing);
        free(image->files[arch].checksums);
        free(image->files[arch].sha256);
    }
    *image = (struct catalogue_image){0};
}

static void catalogue_add_image(struct catalogue *catalogue, struct catalogue_image *image) {
    for (size_t i = 0; i < catalogue->count; i++)
        if (strcmp(catalogue->items[i].name, image->name) == 0) {
            image_done(&catalogue->items[i]);
            catalogue->items[i] = *image;
            return;
        }
    catalogue->items =
        alloc_resize(catalogue->items, (catalogue->count + 1) * sizeof *catalogue->items);
    catalogue->items[catalogue->count++] = *image;
}

static bool read_image(const struct reader *reader, const yaml_node_pair_t *pair,
                       struct error *error) {
    const yaml_node_t *key = yaml_document_get_node(reader->document, pair->key);
    const yaml_node_t *node = yaml_document_get_node(reader->document, pair->value);
    const char *name = scalar(key);
    struct error problem = {0};
    if (!name_check_label("image name", name ? name : "?", &problem))
        return fail_at(reader, key, error, "%s", problem.text);
    struct catalogue_image image = {.name = alloc_string(name), .phones_home = true};
    bool good = read_mapping(reader, image_keys, node, &image, error);
    if (good && !image.files[SPEC_AARCH64].url && !image.files[SPEC_X86_64].url)
        good = fail_at(reader, node, error, "\"aarch64\" or \"x86_64\" is missing");
    if (good)
        catalogue_add_image(reader->catalogue, &image);
    else
        image_done(&image);
    return good;
}

static bool read_images(const struct reader *reader, struct error *error) {
    const yaml_node_t *root = yaml_document_get_root_node(reader->document);
    if (!root) /* an empty file */
        return true;
    if (root->type != YAML_MAPPING_NODE)
        return fail_at(reader, root, error, "expected \"NAME:\" of an image");
    if (root->data.mapping.pairs.top - root->data.mapping.pairs.start > IMAGES_MAX)
        return fail_at(reader, root, error, "more than %d images", IMAGES_MAX);
    for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top; pair++)
        if (!read_image(reader, pair, error))
            return false;
    return true;
}

bool catalogue_read(const char *file, const void *text, size_t length, struct catalogue *catalogue,
                    struct error *error) {
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_types_check_depth(text, length, error))
        return error_prefix(error, "%s", file);
    if (!yaml_parser_initialize(&parser))
        return error_set(error, ERROR_FAILED, "%s: libyaml cannot be initialized", file);
    yaml_parser_set_input_string(&parser, text, length);
    bool good = yaml_parser_load(&parser, &document);
    if (good) {
        struct reader reader = {file, &document, catalogue};
        good = read_images(&reader, error);
        yaml_document_delete(&document);
    } else
        error_set(error, ERROR_INVALID, "%s:%zu: %s", file, parser.problem_mark.line + 1,
                  parser.problem ? parser.problem : "it cannot be read");
    yaml_parser_delete(&parser);
    return good;
}

static bool read_own(const char *file, struct catalogue *catalogue, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    if (!file_exists(file))
        return true;
    if (!file_read(file, CATALOGUE_FILE_LIMIT_BYTES, &text, error))
        return false;
    text_form_strip_bom(&text);
    return (text_form_check(text.data ? text.data : "", text.length, error) ||
            error_prefix(error, "%s", file)) &&
           catalogue_read(file, text.data ? text.data : "", text.length, catalogue, error);
}

bool catalogue_load(const char *file, struct catalogue *catalogue, struct error *error) {
    *catalogue = (struct catalogue){0};
    if (catalogue_read(BUILT_IN, catalogue_text, catalogue_text_bytes, catalogue, error) &&
        (!file || read_own(file, catalogue, error)))
        return true;
    catalogue_done(catalogue);
    return false;
}

void catalogue_done(struct catalogue *catalogue) {
    for (size_t i = 0; i < catalogue->count; i++)
        image_done(&catalogue->items[i]);
    free(catalogue->items);
    *catalogue = (struct catalogue){0};
}

const struct catalogue_image *catalogue_find(const struct catalogue *catalogue, const char *name) {
    for (size_t i = 0; i < catalogue->count; i++)
        if (strcmp(catalogue->items[i].name, name) == 0)
            return &catalogue->items[i];
    return NULL;
}

char *catalogue_names(const struct catalogue *catalogue) {
    struct buffer names = {0};
    for (size_t i = 0; i < catalogue->count; i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", catalogue->items[i].name);
    return buffer_take(&names);
}
