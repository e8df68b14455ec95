#include "frame.h"

#include "base/alloc.h"

#include <stdlib.h>

#define EXACT_LIMIT 9007199254740992.0 /* 2^53: below it a double holds every integer */

void frame_init(struct frame *frame, size_t limit_bytes) {
    *frame = (struct frame){0};
    line_init(&frame->lines, limit_bytes);
}

void frame_feed(struct frame *frame, const void *data, size_t length) {
    if (!frame_problem(frame))
        line_feed(&frame->lines, data, length);
}

/* The value that stands in for a number: an integer again where no digit can have been lost. */
static json_t *exact(const json_t *number) {
    double value = json_real_value(number);
    if (!json_is_real(number) || value >= EXACT_LIMIT || value <= -EXACT_LIMIT)
        return NULL;
    json_int_t integer = (json_int_t)value;
    return (double)integer == value ? json_integer(integer) : NULL;
}

static void restore_integers(json_t *node) {
    const char *key;
    json_t *value, *integer;
    size_t index;
    json_object_foreach(node, key, value) {
        if ((integer = exact(value)))
            json_object_iter_set_new(node, json_object_key_to_iter(key), integer);
        else
            restore_integers(value);
    }
    json_array_foreach(node, index, value) {
        if ((integer = exact(value)))
            json_array_set_new(node, index, integer);
        else
            restore_integers(value);
    }
}

/* QEMU sends unsigned 64-bit numbers, jansson reads signed ones and refuses the line. Such a line
 * is read again with all numbers as doubles, then the small ones are made integers again. */
static json_t *parse(const char *line, size_t length, json_error_t *problem) {
    json_t *message = json_loadb(line, length, JSON_ALLOW_NUL, problem);
    if (message || json_error_code(problem) != json_error_numeric_overflow)
        return message;
    message = json_loadb(line, length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, problem);
    restore_integers(message);
    return message;
}

json_t *frame_next(struct frame *frame) {
    size_t length;
    const char *line;
    if (frame_problem(frame))
        return NULL;
    while ((line = line_next(&frame->lines, &length))) {
        if (length == 0)
            continue;
        json_error_t problem;
        json_t *message = parse(line, length, &problem);
        if (json_is_object(message))
            return message;
        frame->problem = alloc_printf("what came on the QMP socket is not QMP (%.150s)",
                                      message ? "not an object" : problem.text);
        json_decref(message);
        return NULL;
    }
    if (frame->lines.broken)
        frame->problem = alloc_printf("a line of more than %zu bytes came on the QMP socket",
                                      frame->lines.limit_bytes);
    return NULL;
}

const char *frame_problem(const struct frame *frame) {
    return frame->problem;
}

void frame_done(struct frame *frame) {
    line_done(&frame->lines);
    free(frame->problem);
}
