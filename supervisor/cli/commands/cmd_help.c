#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "cli/commands/table.h"
#include "cli/help.h"
#include "cli/invocation.h"
#include "cli/manual/man.h"
#include "cli/manual/topic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {"man", .help = "print the manual page in roff", .hidden = true},
    {"man-folder", .value = "FOLDER", .help = "write all manual pages there", .hidden = true},
    OPTIONS_END,
};

static int print_man(const struct invocation *invocation) {
    struct buffer page = {0};
    man_write(invocation->table, &page);
    fwrite(page.data, 1, page.length, stdout);
    buffer_done(&page);
    return EXIT_SUCCESS;
}

/* SECTION is that of the manual, the last letter of its folder. */
static bool save_page(const char *folder, const char *name, struct buffer *page,
                      struct error *error) {
    scoped(alloc_release) char *path =
        alloc_printf("%s/%s.%c", folder, name, folder[strlen(folder) - 1]);
    bool saved = file_write(path, page->data, page->length, 0644, error);
    buffer_done(page);
    return saved;
}

static bool write_command_pages(const struct command *const *table, const char *folder,
                                struct error *error) {
    struct buffer page = {0};
    man_write(table, &page);
    bool good =
        file_make_directory(folder, 0755, error) && save_page(folder, "pgsup", &page, error);
    for (; good && *table; table++) {
        if (!man_has(*table))
            continue;
        scoped(alloc_release) char *name = man_page_name(*table);
        man_write_command(*table, &page);
        good = save_page(folder, name, &page, error);
    }
    return good;
}

static bool write_topic_pages(const char *folder, struct error *error) {
    bool good = file_make_directory(folder, 0755, error);
    for (const struct topic *topic = topic_table; good && topic->name; topic++) {
        struct buffer page = {0};
        scoped(alloc_release) char *name = alloc_printf("pgsup-%s", topic->name);
        topic_write_man(topic, &page);
        good = save_page(folder, name, &page, error);
    }
    return good;
}

/* For the build, which installs them. */
static int write_all_pages(const struct invocation *invocation, const char *folder,
                           struct error *error) {
    scoped(alloc_release) char *commands = alloc_printf("%s/man1", folder);
    scoped(alloc_release) char *topics = alloc_printf("%s/man7", folder);
    return write_command_pages(invocation->table, commands, error) &&
                   write_topic_pages(topics, error)
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

static int print_topic(const struct topic *topic) {
    struct buffer text = {0};
    topic_write_text(topic, &text);
    fwrite(text.data, 1, text.length, stdout);
    buffer_done(&text);
    return EXIT_SUCCESS;
}

static void print_topics(void) {
    struct buffer text = {0};
    buffer_puts(&text, "\nTopics, shown by `pgsup help TOPIC`:\n");
    topic_write_list(&text);
    fwrite(text.data, 1, text.length, stdout);
    buffer_done(&text);
}

/* Of the words given; a command's own arguments are no part of its name. */
static const struct command *find_command(const struct invocation *invocation,
                                          struct error *error) {
    const char *first = invocation_argument(invocation, 0);
    const char *second = invocation_argument(invocation, 1);
    const struct command *command = command_resolve(invocation->table, NULL, first, error);
    if (!command || !second)
        return command;
    if (command_is_group(command))
        return command_resolve(invocation->table, command, second, error);
    error_set(error, ERROR_USAGE, "unknown command \"%s %s\": `pgsup help %s` explains %s", first,
              second, command->path, command->path);
    return NULL;
}

static int run_help(struct invocation *invocation, struct error *error) {
    const struct command *command = NULL;
    if (invocation_flag(invocation, "man"))
        return print_man(invocation);
    if (invocation_option(invocation, "man-folder"))
        return write_all_pages(invocation, invocation_option(invocation, "man-folder"), error);
    const char *topic_name = invocation_argument(invocation, 0);
    const struct topic *topic = topic_name ? topic_find(topic_name) : NULL;
    if (topic && !command_find(invocation->table, topic_name))
        return print_topic(topic);
    if (topic_name && !(command = find_command(invocation, error)))
        return EXIT_FAILURE;
    help_print(invocation->table, command, stdout);
    if (!command)
        print_topics();
    if (topic) { /* of the same name as the command */
        putchar('\n');
        print_topic(topic);
    }
    return EXIT_SUCCESS;
}

const struct command cmd_help = {
    .path = "help",
    .summary = "Show help for one command or for all",
    .arguments = "[COMMAND...]",
    .options = options,
    .max_arguments = 2,
    .section = SECTION_MORE,
    .completes = COMPLETES_COMMANDS,
    .run = run_help,
};
