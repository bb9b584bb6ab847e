// @azure/identity and @azure/storage-blob by real host names, with the environment's credential; then fetch by an explicit endpoint.
const assert = require("node:assert");
const path = process.env.WITNESS_MODULES;
const { DefaultAzureCredential } = require(path + "/@azure/identity");
const { BlobServiceClient, BlobSASPermissions } = require(path + "/@azure/storage-blob");
const { DataLakeServiceClient } = require(path + "/@azure/storage-file-datalake");

async function main([account, container, explicit]) {
  const credential = new DefaultAzureCredential();
  const blobs = new BlobServiceClient(`https://${account}.blob.core.windows.net`, credential);
  const box = blobs.getContainerClient(container);
  await box.getBlockBlobClient("a/one").upload("data", 4, { conditions: { ifNoneMatch: "*" } });
  await box.getBlockBlobClient("two").uploadData(Buffer.alloc(300000, 7), { blockSize: 100000, maxSingleShotSize: 1000 });
  assert.equal((await box.getBlockBlobClient("two").downloadToBuffer()).length, 300000);
  const names = [];
  for await (const item of box.listBlobsFlat({ includeMetadata: true })) names.push(item.name);
  assert.deepEqual(names, ["a", "a/one", "two"].filter((name) => names.includes(name)));

  const start = new Date(Date.now() - 60000), end = new Date(Date.now() + 3600000);
  const key = await blobs.getUserDelegationKey(start, end);
  assert.ok(key.value);
  const doomed = ["x", "y"].map((name) => box.getBlockBlobClient(name));
  for (const one of doomed) await one.upload("", 0);
  const batch = await blobs.getBlobBatchClient().deleteBlobs(doomed.map((one) => one.url), credential);
  assert.equal(batch.subResponsesSucceededCount, 2);

  const lake = new DataLakeServiceClient(`https://${account}.dfs.core.windows.net`, credential).getFileSystemClient(container);
  const file = lake.getFileClient("deep/er/file");
  await file.create();
  await file.append("hello", 0, 5);
  await file.flush(5);
  await file.move("deep/moved");
  assert.equal((await lake.getFileClient("deep/moved").readToBuffer()).toString(), "hello");
  const paths = [];
  for await (const item of lake.listPaths({ path: "deep", recursive: true })) paths.push(item.name);
  assert.deepEqual(paths, ["deep/er", "deep/moved"]);
  await lake.getDirectoryClient("deep").delete(true);

  const signed = explicit && (await fetch(explicit)).status;
  console.log("done", signed);
}
main(process.argv.slice(2)).catch((error) => { console.error(error); process.exit(1); });
