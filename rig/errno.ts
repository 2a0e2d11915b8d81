/** Names of the hypervisor's error numbers, positive (xen/errno.h of the public headers). */
const NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  7: "E2BIG",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  16: "EBUSY",
  17: "EEXIST",
  18: "EXDEV",
  19: "ENODEV",
  22: "EINVAL",
  28: "ENOSPC",
  33: "EDOM",
  34: "ERANGE",
  38: "ENOSYS",
  39: "ENOTEMPTY",
  61: "ENODATA",
  75: "EOVERFLOW",
  84: "EILSEQ",
  85: "ERESTART",
  95: "EOPNOTSUPP",
};

/** The name of a negative return, "E<number>" where it has none. */
export const errorName = (result: number): string => NAMES[-result] ?? `E${-result}`;
