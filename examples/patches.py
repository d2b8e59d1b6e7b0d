"""prototype"""
from __future__ import annotations
import math
import numpy as np, torch
import torch.nn.functional as F
from torch import Tensor

CELL=2
def blur(m, sd):
    """[h,w,...] gaussian sum over leading dims normalised so centre... returns mean"""
    if sd<=0.3: return m
    r=math.ceil(2.5*sd)
    g=torch.exp(-torch.arange(-r,r+1)**2/(2*sd**2)); g=(g/g.sum()).tolist()
    for dim in (0,1):
        n=m.shape[dim]
        idx=torch.arange(n)
        out=torch.zeros_like(m)
        for i,k in zip(range(-r,r+1),g):
            # clamp edges
            if abs(i)>=n: continue
            lo,hi=max(0,-i),min(n,n-i)
            out.narrow(dim,lo,hi-lo).add_(m.narrow(dim,lo+i,hi-lo),alpha=k)
        # renormalise at the borders
        c=torch.zeros(n)
        for i,k in zip(range(-r,r+1),g):
            lo,hi=max(0,-i),min(n,n-i)
            if lo<hi: c[lo:hi]+=k
        m=out/c.view([-1 if d==dim else 1 for d in range(m.ndim)])
    return m
def pool(m,f):
    if f==1: return m
    h,w=m.shape[:2]
    return m.unflatten(0,(h//f,f)).unflatten(2,(w//f,f)).mean((1,3))
def grow(m,h,w):
    """[a,b,...] to [h,w,...] bilinear"""
    if m.shape[0]==h: return m
    rest=m.shape[2:]
    y=m.flatten(2).permute(2,0,1)[None]
    return F.interpolate(y,(h,w),mode='bilinear')[0].permute(1,2,0).reshape(h,w,*rest)

class Model:
    def __init__(self, pictures, log_prior, rho, season_sd=16, struct=(16.,2.,32.)):
        """pictures [K,G,3,H,W]"""
        K,G,_,H,W=pictures.shape
        self.shape=K,G,H,W
        self.h,self.w=H//CELL,W//CELL
        self.season_sd, self.struct=season_sd,struct
        d=pictures.view(K*G,3,self.h,CELL,self.w,CELL).permute(2,4,1,3,5,0)
        self.data=d.reshape(self.h*self.w,3*CELL*CELL,K*G).contiguous()
        self.half=self.data.pow(2).sum(1).mul_(.5)
        self.log_prior=log_prior; self.rho=rho

    def __call__(self,x,sigma):
        K,G,H,W=self.shape; h,w=self.h,self.w
        t2=sigma**2+self.rho**2
        q=x.view(3,h,CELL,w,CELL).permute(1,3,0,2,4).reshape(h*w,1,-1)
        m=torch.bmm(q,self.data)[:,0].sub_(self.half).mul_(1/(t2*CELL**2)).view(h,w,K,G)  # per pixel
        sd=min(max(self.struct[0]*sigma,self.struct[1]),self.struct[2])
        f=1
        while f<8 and f*CELL*4<=sd: f*=2
        m=pool(m,f); s=sd/(f*CELL)
        n=2*math.pi*sd**2
        m=blur(m,s)*n
        top=m.amax(3,keepdim=True)
        m=m.sub_(top).exp_()
        tot=m.sum(3,keepdim=True)
        m/=tot
        free=(tot.log()+top)[...,0]/n+self.log_prior   # per pixel
        big=max(self.season_sd,sd)
        extra=math.sqrt(max(big**2-sd**2,0))
        if extra>0:
            e=8//f//CELL or 1
            free=blur(pool(free,e),extra/(CELL*f*e))
        import os; season=torch.softmax(free*2*math.pi*float(os.environ.get('SN',6))**2,2)
        wts=grow(m,h,w)*grow(season,h,w)[...,None]
        y=torch.bmm(self.data,wts.reshape(h*w,K*G,1)).view(h,w,3,CELL,CELL).permute(2,0,3,1,4).reshape(1,3,H,W)
        self.season=(grow(season,h,w)*torch.linspace(0,1,K)).sum(2)
        rest=x-y
        import os
        rb,pen=float(os.environ.get('RB',.4)),float(os.environ.get('PEN',3))
        tb=sigma**2+rb**2
        lowp=blur(rest[0].permute(1,2,0),3.).permute(2,0,1)
        e=blur((rest[0]-lowp).pow(2).sum(0)[...,None],float(os.environ.get('RSD',.8)))[...,0]
        gate=torch.sigmoid(.5*e*(1/t2-1/tb)-1.5*math.log(tb/t2)-pen)
        self.gate=gate
        out=y+(self.rho**2/t2*(1-gate)+rb**2/tb*gate)*rest
        ts,tr=float(os.environ.get('TSD',4)),float(os.environ.get('TR',.05))
        n=4*math.pi*ts**2
        kt=tr**2/(tr**2+sigma**2/n)
        low=blur(rest[0].permute(1,2,0),ts).permute(2,0,1)[None]
        return out+kt*(1-gate)*low
