/* Topics: what becomes of Markdown as text and as a manual page (golden/topic/), and that each
 * topic can be read. UPDATE_GOLDEN=1 writes the files. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "cli/help.h"
#include "cli/manual/markdown.h"
#include "cli/manual/topic.h"
#include "golden.h"
#include "test.h"

static const struct topic sample = {
    .name = "sample",
    .text =
        "# A sample of everything\n"
        "\n"
        "The first paragraph is long enough for two lines: it has `code with **stars**`, **bold** "
        "words,\n"
        "a [link](https://example.org/a) and a [file](other.md).\n"
        "\n"
        "## A heading\n"
        "    $ a command\n"
        "\n"
        "    .its output \\ with a backslash\n"
        "- an item\n"
        "  goes on\n"
        "- another\n"
        "\n"
        "| what | how | when |\n"
        "|---|---|---|\n"
        "| `a|b` | this | always |\n"
        "| .c | that | |\n"
        "| `d\\|e` f\\|g | a bar as Markdown has it | |\n"
        "\n"
        "| word | meaning |\n"
        "|---|---|\n"
        "| one | the first |\n"
        "```mermaid\n"
        "graph\n"
        "\n"
        "    a --> b\n"
        "```\n"
        "[unclosed (and **half\n",
};

TEST(a_text_is_as_recorded) {
    struct buffer text = {0};
    topic_write_text(&sample, &text);
    golden_check("golden/topic/sample.txt", &text);
    buffer_done(&text);
}

TEST(a_page_is_as_recorded) {
    struct buffer page = {0};
    topic_write_man(&sample, &page);
    golden_check("golden/topic/sample.7", &page);
    buffer_done(&page);
}

TEST(each_topic_is_found_and_has_a_title) {
    CHECK(topic_table[0].name != NULL);
    CHECK(topic_find("none") == NULL);
    for (const struct topic *topic = topic_table; topic->name; topic++) {
        scoped(alloc_release) char *title = markdown_title(topic->text);
        CHECK(topic_find(topic->name) == topic);
        CHECK(title[0] != '\0' && strlen(title) <= 50);
        CHECK(strncmp(topic->text, "# ", 2) == 0);
    }
}

/* Commands that can be copied are not wrapped, so they may be longer. */
TEST(lines_of_each_topic_fit_a_terminal) {
    for (const struct topic *topic = topic_table; topic->name; topic++) {
        struct buffer text = {0};
        topic_write_text(topic, &text);
        for (char *line = strtok(text.data, "\n"); line; line = strtok(NULL, "\n"))
            if (strncmp(line, "      ", 6) != 0 && strlen(line) > HELP_WIDTH + 8)
                CHECK_STRING(line, "a shorter line");
        buffer_done(&text);
    }
}

int main(void) {
    return test_run();
}
