#include <stdbool.h>
#include "script.h"
#include "domains.h"
#include "mailbox.h"
#include "operations.h"

struct reader {
    const char *next, *end;
};

static void skip_spaces(struct reader *in)
{
    while (in->next < in->end && *in->next == ' ')
        in->next++;
}

static bool at_line_end(const struct reader *in)
{
    return in->next == in->end || *in->next == '\n' || *in->next == '\0';
}

static bool read_hex(struct reader *in, uint64_t *value)
{
    const char *start;

    skip_spaces(in);
    start = in->next;
    for (*value = 0; in->next < in->end; in->next++) {
        char c = *in->next;

        if (c >= '0' && c <= '9')
            *value = *value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *value = *value << 4 | (uint64_t)(c - 'a' + 10);
        else
            break;
    }
    return in->next > start;
}

/* Whether the next word is this one; steps over it then. */
static bool read_word(struct reader *in, const char *word)
{
    const char *c;

    skip_spaces(in);
    for (c = in->next; *word; c++, word++)
        if (c == in->end || *c != *word)
            return false;
    if (c < in->end && *c != ' ' && *c != '\n')
        return false;
    in->next = c;
    return true;
}

static const struct operation *read_operation(struct reader *in)
{
    for (unsigned int i = 0; i < operation_count; i++)
        if (read_word(in, operations[i].name))
            return &operations[i];
    return NULL;
}

static void run_line(struct reader *in)
{
    uint64_t tag, argument[MAX_ARGUMENTS] = { 0 };
    const struct operation *operation;

    if (!read_hex(in, &tag))
        return;
    operation = read_operation(in);
    put_hex(tag);
    if (!operation) {
        put_text(" error=operation\n");
        return;
    }
    for (unsigned int i = 0; i < operation->arguments; i++)
        if (!read_hex(in, &argument[i])) {
            put_text(" error=arguments\n");
            return;
        }
    operation->run(argument);
    if (domain_newly_crashed(argument[0]))
        put_field("crashed", 1);
    put_char('\n');
}

void script_run(const char *text, size_t length)
{
    struct reader in = { text, text + length };
    uint64_t nonce = 0, wait = WAIT_WORD;

    if (read_word(&in, "physmap-rig") && read_hex(&in, &nonce))
        read_hex(&in, &wait);
    domains_forget();
    mailbox_open(nonce, wait);
    while (in.next < in.end && *in.next) {
        while (!at_line_end(&in))
            in.next++;
        if (in.next < in.end && *in.next == '\n')
            in.next++;
        run_line(&in);
    }
    mailbox_end();
}
