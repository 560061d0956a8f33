return await AdminPortal.PortalApplication.RunAsync(args);
