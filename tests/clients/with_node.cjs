// Runs where the vendor's JavaScript SDK is installed: does what stdin asks, and prints what it saw as JSON.
'use strict';
const fs = require('fs');
const vendor = require('purecloud-platform-client-v2');

async function pages(list) {
  const found = [];
  let after;
  for (;;) {
    const page = await list({ pageSize: '300', ...(after ? { after } : {}) });
    found.push(...page.entities);
    after = page.nextUri ? new URL(page.nextUri, 'https://x').searchParams.get('after') : null;
    if (!after) return found;
  }
}

async function main() {
  const wanted = JSON.parse(fs.readFileSync(0, 'utf8'));
  const client = vendor.ApiClient.instance;
  // A gateway is the only way to lead this SDK to another host; without one it asks the real login.
  const base = new URL(process.env.GENESYS_ENV_URL);
  if (base.hostname !== '127.0.0.1') throw new Error('only the emulator on loopback is ever asked');
  client.setGateway({ host: base.hostname, protocol: 'https', port: base.port, path_params_login: '', path_params_api: '' });
  await client.loginClientCredentialsGrant(process.env.GENESYS_CLIENT_ID, process.env.GENESYS_CLIENT_SECRET);
  const web = new vendor.WebDeploymentsApi();
  const audits = new vendor.AuditApi();
  const seen = {};
  const deployment = await web.getWebdeploymentsDeployment(wanted.deployment);
  const pin = deployment.configuration;
  seen.deployment = deployment;
  seen.version = await web.getWebdeploymentsConfigurationVersion(pin.id, pin.version);
  seen.deployments = (await pages((o) => web.getWebdeploymentsDeployments(o))).length;
  seen.configurations = (await pages((o) => web.getWebdeploymentsConfigurations(o))).length;
  const made = await web.postWebdeploymentsConfigurations({ name: 'By the SDK' });
  const draft = await web.getWebdeploymentsConfigurationVersionsDraft(made.id);
  await web.putWebdeploymentsConfigurationVersionsDraft(made.id, { ...draft, description: 'edited' });
  const published = await web.postWebdeploymentsConfigurationVersionsDraftPublish(made.id);
  seen.published = published.version;
  const deployed = await web.postWebdeploymentsDeployments({
    name: 'Deployed by the SDK', allowAllDomains: false, allowedDomains: ['sdk.example.com'], status: 'Active',
    configuration: { id: made.id, version: published.version },
  });
  await web.putWebdeploymentsDeployment(deployed.id, { ...deployed, description: 'edited too', status: 'Inactive' });
  seen.edited = await web.getWebdeploymentsDeployment(deployed.id);
  await web.deleteWebdeploymentsDeployment(deployed.id);
  try { await web.getWebdeploymentsDeployment(deployed.id); } catch (error) { seen.gone = error.status; }
  const begun = await audits.postAuditsQuery({ interval: wanted.interval, serviceName: 'WebDeployments' });
  for (let look = 0; look < 20; look += 1) {
    if ((await audits.getAuditsQueryTransactionId(begun.id)).state === 'Succeeded') break;
  }
  const found = await audits.getAuditsQueryTransactionIdResults(begun.id, { pageSize: 500 });
  seen.actions = [...new Set(found.entities.map((entity) => entity.action))].sort();
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => { console.error(error.body || error); process.exit(1); });
