#include "home/lab/lab_schema.h"

#include "home/lab/lab.h"

static json_t *scalar(void) {
    return json_pack("{s[sss]}", "type", "string", "number", "boolean");
}

static json_t *value_schema(const struct lab_key_row *row) {
    json_t *schema = NULL;
    switch (row->type) {
    case LAB_TEXT: schema = json_pack("{s[ss]}", "type", "string", "number"); break;
    case LAB_FLAG: schema = json_pack("{ss}", "type", "boolean"); break;
    case LAB_LIST: schema = json_pack("{ss so}", "type", "array", "items", scalar()); break;
    case LAB_MAP:
        schema = json_pack("{ss s{s[ssss]}}", "type", "object", "additionalProperties", "type",
                           "string", "number", "boolean", "null");
        break;
    }
    json_object_set_new(schema, "description", json_string(row->help));
    return schema;
}

/* Nothing, or a map of these keys. */
static json_t *keys_schema(const struct lab_key_row *rows, size_t count) {
    json_t *properties = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(properties, rows[i].name, value_schema(&rows[i]));
    return json_pack("{s[ss] so sb}", "type", "object", "null", "properties", properties,
                     "additionalProperties", 0);
}

static json_t *named(json_t *each) {
    return json_pack("{s[ss] so}", "type", "object", "null", "additionalProperties", each);
}

json_t *lab_schema(void) {
    json_t *properties =
        json_pack("{so so so so so}", "cloud", keys_schema(lab_cloud_keys, LAB_CLOUD_KEY_COUNT),
                  "networks", named(keys_schema(lab_network_keys, LAB_NETWORK_KEY_COUNT)), "images",
                  named(keys_schema(lab_image_keys, LAB_IMAGE_KEY_COUNT)), "defaults",
                  keys_schema(lab_keys, LAB_KEY_COUNT), "instances",
                  named(keys_schema(lab_keys, LAB_KEY_COUNT)));
    return json_pack("{ss ss ss so sb}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                     "title", "pgsup lab file", "type", "object", "properties", properties,
                     "additionalProperties", 0);
}
