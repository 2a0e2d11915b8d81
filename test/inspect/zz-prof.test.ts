import { it } from "vitest";
import { snapshotImage } from "/work/main/src/image/index.ts";
import { findRoots } from "/work/main/src/inspect/roots.ts";
import { golden } from "/work/main/test/image/golden-frames.ts";
it("t", () => {
  for (const n of ["s3_416_iommu","fic_4.11_noassign","s3r_deb417_iommu"]) {
  let t=performance.now(); const l=(s:string)=>{console.log(n,s,(performance.now()-t).toFixed());t=performance.now()};
  const g=golden(n); l("golden"); const im=snapshotImage(g.snapshot.frames); l("image"); let r=findRoots(im); l("find"); 
  r=findRoots(im); l("find2"); console.log(JSON.stringify(r.roots,null,0));}
});
