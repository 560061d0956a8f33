using AdminPortal;

var app = PortalApplication.Create(args);
await app.RunAsync();
