#include "mailbox.h"

#define PAGES 1024
#define MAGIC_CONTROL 0x314c5443504d5950ULL /* "PYMPCTL1" */
#define MAGIC_TEXT 0x31545854504d5950ULL    /* "PYMPTXT1" */

/* Pages need not be neighbours in the machine's memory: each says which one it is. */
struct text_page {
    uint64_t magic;
    uint64_t nonce;
    uint32_t index;
    uint32_t used;
    char text[4096 - 24];
};

struct control_page {
    uint64_t magic;
    uint64_t nonce;
    uint32_t state;
    /* Counts the times that the payload has waited. */
    uint32_t turn;
    /* The host writes the turn here that it has finished with. */
    uint32_t done;
    uint32_t text_pages;
    /* Not zero: text was lost for want of room. */
    uint32_t overflow;
    /* For MAILBOX_LOOK. */
    uint32_t domain, populated;
    char unused[4096 - 44];
};

static struct text_page text[PAGES] __attribute__((aligned(4096)));
static volatile struct control_page control __attribute__((aligned(4096)));
static unsigned int current, wait_kind;

void mailbox_open(uint64_t nonce, unsigned int wait)
{
    for (unsigned int i = 0; i < PAGES; i++) {
        text[i].nonce = nonce;
        text[i].index = i;
        text[i].magic = MAGIC_TEXT;
    }
    wait_kind = wait;
    control.text_pages = PAGES;
    control.nonce = nonce;
    control.magic = MAGIC_CONTROL;
}

void mailbox_clear(void)
{
    for (unsigned int i = 0; i <= current; i++)
        text[i].used = 0;
    current = 0;
    control.overflow = 0;
}

void mailbox_wait(uint32_t state)
{
    uint32_t turn = control.turn + 1;

    control.turn = turn;
    asm volatile("" : : : "memory");
    control.state = state;
    if (wait_kind == WAIT_BREAKPOINT)
        asm volatile("xchgw %%bx, %%bx" : : : "memory");
    else
        while (control.done != turn)
            asm volatile("pause" : : : "memory");
    control.state = MAILBOX_RUNNING;
}

/* Instructions in which a serial line of 115,200 baud takes what the hypervisor keeps of its console (16 KiB). */
#define DRAIN 20000000

void mailbox_end(void)
{
    if (wait_kind == WAIT_BREAKPOINT)
        for (unsigned int i = 0; i < DRAIN; i += 3)
            asm volatile("pause");
    mailbox_wait(MAILBOX_END);
}

void mailbox_look(uint32_t domain, uint32_t populated)
{
    control.domain = domain;
    control.populated = populated;
    mailbox_wait(MAILBOX_LOOK);
}

void put_char(char c)
{
    if (text[current].used == sizeof(text[current].text)) {
        if (current + 1 == PAGES) {
            control.overflow = 1;
            return;
        }
        current++;
    }
    text[current].text[text[current].used++] = c;
}

void put_text(const char *string)
{
    while (*string)
        put_char(*string++);
}

static void put_number(uint64_t value, unsigned int base)
{
    char digits[20];
    unsigned int count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (count)
        put_char(digits[--count]);
}

void put_signed(int64_t value)
{
    if (value < 0)
        put_char('-');
    put_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

void put_hex(uint64_t value)
{
    put_number(value, 16);
}

void put_field(const char *key, int64_t value)
{
    put_char(' ');
    put_text(key);
    put_char('=');
    put_signed(value);
}
