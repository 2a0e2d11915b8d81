import fc from "fast-check";

/** Ordinary runs repeat; FC_SEED explores elsewhere. Fresh seeds against real hypervisors are the rig's business. */
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20261125) });
