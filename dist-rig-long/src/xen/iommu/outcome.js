const outcome = { count: 0, flags: 0, last: 0, rc: 0 };
function report(count, flags, last, rc) {
    outcome.count = count;
    outcome.flags = flags;
    outcome.last = last;
    outcome.rc = rc;
    return outcome;
}
export const done = (count, flags, last = flags) => report(count, flags, last, 0);
export const failed = (rc) => report(0, 0, 0, rc);
