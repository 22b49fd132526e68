"""The portal and the service desk: requests and the forms they are made with."""
