interface Output {
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** A reader that has seen enough (`| head`) closes the pipe: no fault, and nothing left to say. Other errors are thrown. */
export function endOnClosedPipe(streams: readonly Output[], end: () => void): void {
  for (const stream of streams)
    stream.on("error", (error) => {
      if (error.code !== "EPIPE") throw error;
      end();
    });
}
